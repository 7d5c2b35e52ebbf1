import {setFlagsFromString} from 'node:v8'

// Node.js 24 lets the space of young objects grow from 4 to 32 MiB, and has three of them: 100 MB and more for objects that
// live for a millisecond each. Kept small, a scan or a list of any length takes a third less memory and no more time
// (bench/locks.ts, bench/list.ts).
// What computes more than it waits, such as owners of millions of keys, would take twice as long.
if (['locks', 'subscriptions'].includes(process.argv[2] ?? '')) setFlagsFromString('--semi-space-growth-factor=1')
