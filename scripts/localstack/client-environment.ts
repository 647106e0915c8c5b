/**
 * What the CDK and the SDKs are to find in their environment so as to speak to an emulator, and to nothing else:
 * what could name a real account is made empty. `certificate` is a file, for an endpoint with TLS; Node reads the
 * variable only when it starts.
 */
export const clientEnvironment = (endpoint: string, certificate?: string): Record<string, string> => ({
  AWS_ENDPOINT_URL: endpoint,
  // Without one of its own the CDK asks S3 by virtual host, which no loopback address has.
  AWS_ENDPOINT_URL_S3: endpoint,
  // The root of the account, for ministack, which evaluates what anybody else may do.
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_SESSION_TOKEN: '',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_PROFILE: '',
  AWS_DEFAULT_PROFILE: '',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  // The CDK reads the first, the SDKs the second.
  ...(certificate !== undefined && { AWS_CA_BUNDLE: certificate, NODE_EXTRA_CA_CERTS: certificate }),
})
