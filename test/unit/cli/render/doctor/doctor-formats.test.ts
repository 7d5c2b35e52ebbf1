// cspell:ignore apos
import assert from 'node:assert/strict'
import {test} from 'node:test'

import fc from 'fast-check'

import {diagnosisJunit} from '../../../../../src/cli/render/doctor/doctor-junit.js'
import {diagnosisMarkdown} from '../../../../../src/cli/render/doctor/doctor-markdown.js'
import {changeLine} from '../../../../../src/cli/render/doctor/doctor.js'
import type {Diagnosis} from '../../../../../src/domain/doctor/diagnose.js'
import {printable} from '../../../../../src/printable.js'
import {diagnosis} from '../../../../support/reports/doctor-reports.js'

/** What ends a cell, a code span, a code block, an element or an attribute, and what begins a list, a link or HTML. */
const piece = fc.constantFrom(
  ...[
    '`',
    '``',
    '```',
    '```sh',
    '\n',
    '\r\n',
    '|',
    String.raw`\|`,
    '\\',
    '[x](http://evil)',
    '<img src=x>',
    '<!--',
    '-->',
  ],
  ...[
    '# ',
    '- ',
    '1. ',
    '* ',
    '> ',
    '---',
    '&lt;',
    '&',
    '"',
    "'",
    ']]>',
    '<![CDATA[',
    '@team',
    'www.evil.example',
    '\0',
  ],
  ...['\u001b[31m', '\ufffe', '\uffff', '\ud800', '\u202e', '$x$', '~~', '__', ' ', '', 'a'],
)
const hostileName = fc.array(piece, {maxLength: 6}).map((pieces) => pieces.join(''))

/** The report with a name that a client chose in every place where one can be, also within messages. */
function named(name: string): Diagnosis {
  return {
    ...diagnosis,
    checked: diagnosis.checked.map(({subscription, topic}) => ({
      topic: `${topic}${name}`,
      subscription: `${subscription}${name}`,
    })),
    failed: [{topic: name, cause: name}],
    findings: diagnosis.findings.map((finding) => ({
      ...finding,
      message: `${name} blocks ${name}`,
      subject: {
        ...finding.subject,
        topic: `${finding.subject.topic}${name}`,
        subscription: `${finding.subject.subscription}${name}`,
        consumers: finding.subject.consumers.map((consumer) => ({...consumer, name})),
      },
      evidence: finding.evidence.map(({field}) => ({field, value: name})),
      remedies: [
        {command: `keyshift subscriptions inspect ${name}`, cost: name},
        {command: `restart consumer ${name}`, cost: 'none'},
      ],
    })),
  }
}

/** What kind of block each line begins, with the lines of code blocks as such. */
function skeletonOf(markdown: string): string[] {
  let fence = 0
  return markdown.split('\n').map((line) => {
    const [, run = '', language = ''] = /^(`{3,})(\w*)$/.exec(line) ?? []
    if (fence > 0) {
      if (run.length < fence || language !== '') return 'code'
      fence = 0
      return 'end of code'
    }
    if (run !== '') {
      fence = run.length
      return `code ${language}`
    }
    return /^(?:#+ |- |\| )|$/.exec(line)?.[0] ?? ''
  })
}

/** A line without its code spans and its escaped characters: what Markdown interprets. */
function interpreted(line: string): string {
  return line
    .replaceAll(/\\[!-/:-@[-`{-~]|(?<run>`+)(?!`)(?:.*?[^`])\k<run>(?!`)/g, '')
    .replaceAll(/\[apache\/pulsar#\d+\]\(https:\/\/github\.com\/apache\/pulsar\/issues\/\d+\)/g, '')
}

test('markdown: no name changes the structure of the ticket', () => {
  const plain = skeletonOf(diagnosisMarkdown(named('a')))
  fc.assert(
    fc.property(hostileName, (name) => {
      const markdown = diagnosisMarkdown(named(name))
      const skeleton = skeletonOf(markdown)
      assert.deepEqual(skeleton, plain)
      for (const [at, line] of markdown.split('\n').entries()) {
        const kind = skeleton[at] ?? ''
        if (kind.includes('code')) continue
        if (kind === '| ') assert.equal(line.match(/(?<!\\)\|/g)?.length, 7, line)
        assert.doesNotMatch(
          interpreted(line.slice(kind.length)).replaceAll(' | ', ''),
          /[`<>[\]*_&@~$]|:\/\/|www\./i,
          line,
        )
      }
    }),
    {numRuns: 500},
  )
})

test('markdown: a name is readable in its code span', () => {
  const markdown = diagnosisMarkdown(named('`x|y`'))
  assert.match(markdown, /`` decision`x\\\|y` ``/)
})

/** The text of each element and attribute. @throws where the document is not well-formed */
function textsOf(xml: string): string[] {
  const [declaration, ...rest] = xml.split('\n')
  assert.equal(declaration, '<?xml version="1.0" encoding="UTF-8"?>')
  assert.doesNotMatch(
    xml,
    /[^\t\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u,
    'a character that XML does not allow',
  )
  const open: string[] = []
  const texts: string[] = []
  for (const [token] of rest.join('\n').matchAll(/<[^>]*>|[^<]+/g)) {
    const [, end, name = '', attributes = '', isEmpty] =
      /^<(\/?)(\w[\w-]*)((?: \w+="[^"<>]*")*)(\/?)>$/.exec(token) ?? []
    if (name === '') {
      assert.doesNotMatch(token, /<|>/)
      texts.push(token)
    } else if (end === '/') assert.equal(open.pop(), name)
    else if (isEmpty === '') open.push(name)
    texts.push(...[...attributes.matchAll(/"([^"]*)"/g)].map(([, value = '']) => value))
  }
  assert.deepEqual(open, [])
  return texts.map((text) => {
    assert.doesNotMatch(text, /&(?!(?:amp|lt|gt|quot|apos);)/)
    return text.replaceAll(/&(\w+);/g, (_, entity: string) => ENTITIES[entity] ?? '')
  })
}

const ENTITIES: Readonly<Record<string, string>> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"}

test('junit: with any name the document is well-formed and a parser reads the name', () => {
  fc.assert(
    fc.property(hostileName, (name) => {
      const texts = textsOf(diagnosisJunit(named(name), 'error'))
      const shown = printable(`audit${name}`).replaceAll(/[\ufffe\uffff]/g, (found) =>
        found === '\ufffe' ? String.raw`\ufffe` : String.raw`\uffff`,
      )
      assert.ok(texts.includes(shown), shown)
    }),
    {numRuns: 500},
  )
})

test('junit: each subscription is a test case, and --fail-on decides what is a failure', () => {
  const failures = (level: 'error' | 'info' | 'warn'): number =>
    (diagnosisJunit(diagnosis, level).match(/<failure /g) ?? []).length
  assert.deepEqual([failures('error'), failures('warn'), failures('info')], [1, 3, 4])
  assert.match(
    diagnosisJunit(diagnosis, 'warn'),
    /<testsuites name="keyshift doctor" tests="5" failures="3" errors="1">/,
  )
})

test('a change is one line that says what changed, where, and when', () => {
  const [finding = assert.fail()] = diagnosis.findings
  assert.match(
    changeLine({change: 'resolved', finding}, diagnosis.asOf),
    /^2026-01-02T03:04:05.000Z resolved error draining-slot-blocked persistent:\/\/public\/default\/orders decision: 8 draining slots /,
  )
})
