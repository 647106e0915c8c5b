import { defineConfig } from 'vitest/config'

/** A busy machine may stand still for a second: what is waited for has as long as its test. Milliseconds. */
const expectations = { poll: { timeout: 8_000 } }

/** The files of one worker share the modules that they import: half of the time of small files was their loading. */
const project = (name: string, include: string[], testTimeout = 10_000) => ({
  test: { name, include, testTimeout, hookTimeout: 60_000, isolate: false, expect: expectations },
})

/** Tests of a deployed stack share it, so their files run one after the other. */
const deployed = (name: string, include: string[], exclude: string[] = []) => ({
  test: {
    name,
    include,
    exclude,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: `test/world/${name}.setup.ts`,
    fileParallelism: false,
    isolate: false,
    expect: expectations,
  },
})

export default defineConfig({
  test: {
    pool: 'forks',
    // More than there are processors: a third of what is here waits, for a clock or for a process.
    maxWorkers: 3,
    projects: [
      project('unit', ['test/unit/**/*.test.ts']),
      project('contract', ['test/contract/**/!(aws).test.ts'], 30_000),
      {
        // Each file takes down the folder that its templates were made in.
        test: { ...project('infra', ['test/infra/**/*.test.ts'], 120_000).test, isolate: true },
      },
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000),
      project('embedded', ['test/embedded/**/*.test.ts'], 120_000),
      project('independent', ['test/independent/**/*.test.ts'], 60_000),
      project('simulation', ['test/simulation/**/*.test.ts'], 300_000),
      project('conformance', ['test/conformance/**/*.test.ts'], 60_000),
      {
        test: {
          ...project('emulators', ['test/localstack/**/*.test.ts'], 60_000).test,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      deployed(
        'localstack',
        ['test/e2e/**/*.test.ts', 'test/deployed/**/*.test.ts', 'test/contract/aws.test.ts'],
        // What people decide goes through one engine and one store, and the story goes through all of it here. What is
        // judged by tables, or raced, or asked by more people, runs embedded and on the other stack; so does what only
        // asks the same operations from a command line.
        [
          'test/e2e/{who,deciding,approver,every-refusal-of-a-decision}*.test.ts',
          'test/e2e/{agreement,governance-cli,governance-races,holds,reviews,clauses}*.test.ts',
          'test/e2e/{cases,exports,preservation,cli,rotate,recount,doctor,leaks,attribution,sign-in}.test.ts',
          'test/e2e/{budgets-that-grants-share,suspend-at-night,no-change-without-its-approvals}.test.ts',
        ],
      ),
      deployed(
        'ministack',
        ['test/e2e/**/*.test.ts', 'test/least-privilege/**/*.test.ts'],
        // The story waits for its own clock most of the time, and an order for its entries to be old; who is refused before
        // anything is read needs no role, and races are those of the store, which has none here. A trace needs what an
        // attribution and an export need. What each role may is tried one by one, and by everything else that is asked.
        [
          'test/e2e/{story,deciding-for-others,who-sees,who-sees-nothing,preservation,who-decides}.test.ts',
          'test/e2e/{agreement-races,governance-races,approver-spoofing,leaks,budgets-that-grants-share}.test.ts',
        ],
      ),
    ],
  },
})
