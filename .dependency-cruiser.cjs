// Imports point one way: commands → cli, domain → clients, and in the domain from the later folders of ORDER to the earlier ones.
/** From the ground up: a folder may import itself and those before it. */
const ORDER = [
  'topic-stats',
  'progress',
  'policies',
  'keys/hashing',
  'keys/selectors',
  'keys/assignment',
  'keys/ranges',
  'keys/owners',
  'keys/simulation',
  'message-sampling',
  'backlog',
  'subscriptions/list',
  'subscriptions/inspect',
  'locks/reading',
  'locks/families',
  'locks/recognition',
  'locks/consumers',
  'locks/scan',
  'locks/audit',
  'locks/release',
  'locks/inspect',
  'doctor/facts',
  'doctor/rules',
  'doctor',
  'why',
  'migration',
  'migration/preflight',
  'migration/plan',
  'migration/journal',
  'migration/proofs',
  'migration/broker',
  'migration/steps',
  'migration/control',
  'migration/soak',
  'migration/run',
  'rehearsal',
  'lab',
]
const STEPS = '^src/domain/migration/steps/(in-place|blue-green|stop-start|common)/'
/** The files of one folder; a folder of ORDER does not include those below it, except the steps of each strategy. */
const filesOf = (folder) => `^src/domain/${folder}/([^/]+[.]ts$|(in-place|blue-green|stop-start|common)/)`

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {name: 'no-cycles', severity: 'error', from: {}, to: {circular: true}},
    {
      name: 'nothing-imports-a-command',
      severity: 'error',
      from: {},
      to: {path: '^src/(commands|hooks)/'},
    },
    {
      name: 'cli-knows-domain-types-only',
      comment: 'A command calls the domain; src/cli only renders its reports.',
      severity: 'error',
      from: {path: '^src/cli/'},
      to: {path: '^src/domain/', dependencyTypesNot: ['type-only']},
    },
    {
      name: 'domain-does-not-reach-up',
      severity: 'error',
      from: {path: '^src/domain/'},
      to: {path: '^src/(cli|commands|hooks)/'},
    },
    {
      name: 'clients-stand-alone',
      severity: 'error',
      from: {path: '^src/clients/'},
      to: {path: '^src/(cli|commands|domain|hooks)/'},
    },
    ...ORDER.map((folder, at) => ({
      name: `order-${folder}`,
      comment: 'A domain folder imports itself and the folders before it in ORDER.',
      severity: 'error',
      from: {path: filesOf(folder)},
      to: {path: '^src/domain/', pathNot: ORDER.slice(0, at + 1).map(filesOf)},
    })),
    {
      name: 'every-folder-is-ordered',
      comment: 'A new folder of the domain needs its place in ORDER.',
      severity: 'error',
      from: {path: '^src/domain/', pathNot: ORDER.map(filesOf)},
      to: {},
    },
    {
      name: 'a-step-imports-no-step',
      comment: 'What two steps need is in migration/broker.',
      severity: 'error',
      from: {path: STEPS},
      to: {path: STEPS},
    },
    {
      name: 'pure-domain-does-no-io',
      comment: 'Only these files receive an open client. The rest of the domain imports types of clients, and no I/O.',
      severity: 'error',
      from: {
        path: '^src/domain/',
        pathNot: [
          '^src/domain/(lab|migration/(broker|steps|run))/',
          '/collect-[^/]+[.]ts$',
          '^src/domain/(rehearsal/rehears|locks/release/execute-release|migration/control/transient-errors)',
        ],
      },
      to: {
        path: '^(src/clients/|axios|ioredis|ws|node_modules/(axios|ioredis|ws)|fs|net|http|https|child_process)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'leaves',
      comment: 'The files directly in src are known to all folders and import none of them.',
      severity: 'error',
      from: {path: '^src/[^/]+[.]ts$'},
      to: {path: '^src/', pathNot: '^src/[^/]+[.]ts$'},
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {path: '^src/', orphan: true, pathNot: '^src/(commands|hooks)/|[.]d[.]ts$'},
      to: {},
    },
  ],
  options: {
    doNotFollow: {path: 'node_modules'},
    tsPreCompilationDeps: true,
    tsConfig: {fileName: 'tsconfig.json'},
  },
}
