#!/usr/bin/env node
// Checks the version of Node.js before it loads anything: an older one would fail with a syntax error or a stack trace.
// This file itself must be valid for every version of Node.js with ES modules.
const WANTED_MAJOR = 22

if (Number(process.versions.node.split('.')[0]) < WANTED_MAJOR) {
  process.stderr.write(`keyshift needs Node.js ${WANTED_MAJOR} or later; this is ${process.version}\n`)
  process.exitCode = 2
} else {
  await import('./start.js')
}
