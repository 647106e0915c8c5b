/** What `model engage` and `model change` take by `--from`, for help: a file to begin with, and what each part means. */
export const modelFile = {
  upstreams: {
    openai: { url: 'https://api.example/v1', credential: 'aurora-openai', model: 'aurora-1' },
    anthropic: { url: 'https://api.example', credential: 'aurora-anthropic', model: 'aurora-1' },
  },
  tokens: {
    overhead: { request: 8, message: 8, tool: 400 },
    image: 1600,
    default_output: 1024,
    hidden_output: false,
    reasons: false,
  },
}

export const modelFileHelp = `
The file of --from, to begin with:
${JSON.stringify(modelFile, null, 1).replace(/^/gm, '  ')}

upstreams  Where it is served: openai, anthropic or both. The url is https; that
           of openai ends in /v1. credential is the name under which the
           operator keeps the secret; model what the model is called there.
tokens     What a request costs at most, beside its text: true ceilings.
           overhead is needed, for the request and for each message and tool,
           and hidden_output: whether tokens are produced that are not sent.
           Without image, images are refused; without default_output, requests
           that state no output limit. reasons: true where it reasons unless a
           request switches that off.
`
