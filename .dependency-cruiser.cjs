// Imports point one way: commands → cli, domain → clients. Checked with every test run.
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
      comment: 'What a command does with the domain is in the command; the cli renders its reports.',
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
    {
      name: 'pure-domain-does-no-io',
      comment: 'Only these are handed an open client; all else in the domain imports types of clients, and no I/O.',
      severity: 'error',
      from: {
        path: '^src/domain/',
        pathNot: [
          '^src/domain/(lab|migration/(broker|steps|run))/',
          '/collect[^/]*\\.ts$',
          '^src/domain/(migration/(migrate|passing|seat)|rehearsal/rehears|locks/release/execute-release|migration/control/transient-errors)',
        ],
      },
      to: {
        path: '^(src/clients/(?!journal/journal)|axios|ioredis|ws|node_modules/(axios|ioredis|ws)|fs|net|http|https|child_process)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'leaves',
      comment: 'Errors and names are known to all and know nobody.',
      severity: 'error',
      from: {path: '^src/(errors|topic-name|position|digest|severity)\\.ts$'},
      to: {path: '^src/', pathNot: '^src/(errors|topic-name|position|digest|severity)\\.ts$'},
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
