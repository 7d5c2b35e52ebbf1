// Reports wording that scripts/language/patterns.yaml bans, in string literals, comments and documentation. Each line of
// output is "file:line: text: what to use instead"; the exit code is 1 when there is any.
// node scripts/language.mjs [ROOT]: ROOT is the checkout to read, with its own list; this one by default.
import {existsSync, readFileSync, readdirSync, statSync} from 'node:fs'
import {join} from 'node:path'

import {parse} from 'yaml'

import {isReadable, textsOf} from './language/texts.mjs'
import {root} from './setup.mjs'

const LIST = 'scripts/language/patterns.yaml'
const PLACES = [
  ...['README.md', 'CHANGELOG.md', 'package.json', 'eslint.config.js', '.dependency-cruiser.cjs'],
  ...['src', 'bin', 'demo', 'bench', 'scripts', 'stack', 'test', 'docs', 'completions', '.ci'],
]
/** Installed, generated and downloaded files, and lists that hold no prose. */
const IGNORED = /(^|\/)(node_modules|dist|\.stack|vectors|target|__pycache__|requirements\.txt|words\.txt)$/
/** How many characters around a finding are printed. */
const CONTEXT = 40

const folder = process.argv[2] ?? root
const {skip, patterns} = parse(readFileSync(join(folder, LIST), 'utf8'))
const rules = patterns.map((rule) => ({
  ...rule,
  regex: new RegExp(rule.pattern, 'gim'),
  except: (rule.except ?? []).map((exception) => ({...exception, isUsed: false})),
}))
const skipped = new Set(skip.map(({path}) => path))
const paths = PLACES.flatMap(filesIn)
const findings = [...paths.filter((path) => !skipped.has(path)).flatMap(findingsIn), ...unusedExceptions()]
for (const finding of findings) console.log(finding)
if (findings.length > 0) {
  console.error(`findings: ${String(findings.length)}; the list of patterns is ${LIST}`)
  process.exitCode = 1
}

function filesIn(path) {
  const full = join(folder, path)
  if (IGNORED.test(path) || !existsSync(full)) return []
  if (statSync(full).isDirectory()) return readdirSync(full).flatMap((name) => filesIn(`${path}/${name}`))
  return isReadable(path) ? [path] : []
}

function findingsIn(path) {
  const texts = textsOf(path, readFileSync(join(folder, path), 'utf8'))
  const joined = texts.map(({value}) => value).join('\n')
  const found = []
  for (const {pattern, regex, use, only, except} of rules) {
    if (only?.every((prefix) => !path.startsWith(prefix))) continue
    for (const {0: words, index} of joined.matchAll(regex)) {
      if (words === '') throw new Error(`${LIST}: ${pattern} matches an empty text`)
      const {text, from} = textAt(texts, index)
      if (isAllowed(except, path, text.value, from, words)) continue
      found.push({line: text.lineAt(from), shown: `"${excerpt(text.value, from, words)}": use ${use}`})
    }
  }
  return found.sort((a, b) => a.line - b.line).map(({line, shown}) => `${path}:${String(line)}: ${shown}`)
}

/** The text at an offset of all texts joined by line feeds, and the offset in it. */
function textAt(texts, offset) {
  let from = offset
  const text = texts.find(({value}) => {
    if (from <= value.length) return true
    from -= value.length + 1
    return false
  })
  return {text, from}
}

/** Whether an exception of this file quotes a part of the text that holds the finding. */
function isAllowed(except, path, value, from, words) {
  const exception = except.find((one) => {
    const start = value.lastIndexOf(one.text, from)
    return one.path === path && start !== -1 && start + one.text.length >= from + words.length
  })
  if (exception) exception.isUsed = true
  return exception !== undefined
}

function unusedExceptions() {
  const unused = [
    ...skip.filter(({path}) => !paths.includes(path)),
    ...rules.flatMap(({except}) => except.filter(({isUsed}) => !isUsed)),
  ]
  return unused.map(({path}) => `${LIST}: the exception for ${path} allows nothing; delete it`)
}

function excerpt(value, from, words) {
  const end = from + words.length
  return `${value.slice(Math.max(0, from - CONTEXT), from)}>${words}<${value.slice(end, end + CONTEXT)}`
}
