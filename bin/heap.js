import {setFlagsFromString} from 'node:v8'

// Node.js 24 lets the young generation grow from 4 to 32 MiB, with three semi-spaces: 100 MB and more for objects that
// exist for a millisecond. Kept small, a scan or a list of any length needs a third less memory and no more time
// (bench/locks.ts, bench/list.ts). CPU-bound commands, such as the owners of millions of keys, would take twice as
// long.
if (['locks', 'subscriptions'].includes(process.argv[2] ?? '')) setFlagsFromString('--semi-space-growth-factor=1')
