// Extracts the text that people read from a file: string literals, comments and prose, with line numbers. Code and
// identifiers are left out, so that a pattern about wording never matches a name.
import {extname} from 'node:path'

import ts from 'typescript'

/** Replaces an interpolated expression, so that a pattern can refer to it. */
const PLACEHOLDER = '${}'

const HASH_TOKENS = /"""[^]*?"""|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|(?<![^\s;])#[^\n]*/g
const SLASH_TOKENS = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|`[^`]*`/g
const COMMENTS = /\/\/[^\n]*|\/\*[^]*?\*\//g

/** By file extension; a file without one is read as a shell script. */
const READERS = {
  '.ts': scriptTexts,
  '.mts': scriptTexts,
  '.mjs': scriptTexts,
  '.cjs': scriptTexts,
  '.js': scriptTexts,
  '.md': markdownTexts,
  '.json': descriptionTexts,
  '.txt': lineTexts,
  '.java': (source) => tokenTexts(source, SLASH_TOKENS),
  '.go': (source) => tokenTexts(source, SLASH_TOKENS),
  '.py': (source) => tokenTexts(source, HASH_TOKENS),
  '.sh': (source) => tokenTexts(source, HASH_TOKENS),
  '.bash': (source) => tokenTexts(source, HASH_TOKENS),
  '.fish': (source) => tokenTexts(source, HASH_TOKENS),
  '.zsh': (source) => tokenTexts(source, HASH_TOKENS),
  '.ps1': (source) => tokenTexts(source, HASH_TOKENS),
  '': (source) => tokenTexts(source, HASH_TOKENS),
}

/** One text, whose runs of whitespace are single spaces, and the source lines that it comes from. */
class Text {
  value = ''
  #parts = []

  add(raw, line) {
    for (const [index, part] of raw.split('\n').entries()) this.#append(index === 0 ? part : ` ${part}`, line + index)
    return this
  }

  /** The source line of the character at an offset of the value. */
  lineAt(offset) {
    return this.#parts.findLast(({from}) => from <= offset).line
  }

  #append(raw, line) {
    const single = raw.replace(/\s+/g, ' ')
    const part = this.value.endsWith(' ') ? single.trimStart() : single
    if (part === '') return
    this.#parts.push({from: this.value.length, line})
    this.value += part
  }
}

/** Whether the texts of such a file can be extracted. */
export function isReadable(path) {
  return Object.hasOwn(READERS, extname(path))
}

/** All texts of a file. */
export function textsOf(path, source) {
  return READERS[extname(path)](source, path).filter(({value}) => /\p{L}/u.test(value))
}

function scriptTexts(source, path) {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)
  const lineOf = (position) => file.getLineAndCharacterOfPosition(position).line + 1
  const texts = []
  const literals = []
  ts.forEachChild(file, function visit(node) {
    if (ts.isRegularExpressionLiteral(node) || isModuleName(node)) literals.push(node)
    else if (hasLiteral(node)) texts.push(assemble(node, {file, lineOf, literals, visit}, new Text()))
    else ts.forEachChild(node, visit)
  })
  return [...texts, ...commentsOf(masked(source, literals, file), source, lineOf)]
}

function isModuleName(node) {
  if (!ts.isStringLiteral(node)) return false
  const {parent} = node
  if (ts.isCallExpression(parent)) return parent.expression.kind === ts.SyntaxKind.ImportKeyword
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    (ts.isLiteralTypeNode(parent) && ts.isImportTypeNode(parent.parent))
  )
}

function isSum(node) {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken
}

/** Whether a node is a string literal, a template, or a concatenation with one of them. */
function hasLiteral(node) {
  if (ts.isParenthesizedExpression(node)) return hasLiteral(node.expression)
  if (isSum(node)) return hasLiteral(node.left) || hasLiteral(node.right)
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)
}

/** Joins a concatenation or template into one text; literals inside its expressions become texts of their own. */
function assemble(node, context, text) {
  const {file, lineOf, literals, visit} = context
  const addLiteral = (literal, suffix) => {
    literals.push(literal)
    text.add(unescaped(literal.getText(file).slice(1, -suffix)), lineOf(literal.getStart(file)))
  }
  const addExpression = (expression) => {
    text.add(PLACEHOLDER, lineOf(expression.getStart(file)))
    visit(expression)
  }
  if (ts.isParenthesizedExpression(node)) assemble(node.expression, context, text)
  else if (ts.isStringLiteralLike(node)) addLiteral(node, 1)
  else if (ts.isTemplateExpression(node)) {
    addLiteral(node.head, 2)
    for (const {expression, literal} of node.templateSpans) {
      addExpression(expression)
      addLiteral(literal, ts.isTemplateTail(literal) ? 1 : 2)
    }
  } else if (hasLiteral(node)) {
    assemble(node.left, context, text)
    assemble(node.right, context, text)
  } else addExpression(node)
  return text
}

function unescaped(raw) {
  return raw.replace(/\\[nrt]/g, ' ').replace(/\\(.)/g, '$1')
}

/** The source with each literal overwritten, so that nothing in them is mistaken for a comment. */
function masked(source, literals, file) {
  const parts = []
  let end = 0
  for (const literal of literals.toSorted((a, b) => a.pos - b.pos)) {
    const start = literal.getStart(file)
    parts.push(source.slice(end, start), 'x'.repeat(literal.end - start))
    end = literal.end
  }
  return parts.join('') + source.slice(end)
}

/** Line comments on adjacent lines are one text: a phrase may continue on the next line. */
function commentsOf(code, source, lineOf) {
  const texts = []
  let last
  for (const {0: raw, index} of code.matchAll(COMMENTS)) {
    const continues = last?.isLine && raw.startsWith('//') && /^\n[ \t]*$/.test(code.slice(last.end, index))
    const text = continues ? last.text.add(' ', lineOf(index)) : new Text()
    text.add(commentBody(raw), lineOf(index))
    if (!continues) texts.push(text)
    last = {text, end: index + raw.length, isLine: raw.startsWith('//')}
  }
  return texts
}

function commentBody(raw) {
  if (raw.startsWith('/*')) return raw.slice(2, -2).replace(/(?<=^|\n)[ \t]*\*+/g, '')
  return raw.replace(/^(\/\/+|#+!?)/, '')
}

/** Comments and quoted strings of languages that have no parser here. */
function tokenTexts(source, tokens) {
  const texts = []
  let last
  let line = 1
  let counted = 0
  for (const {0: raw, index} of source.matchAll(tokens)) {
    line += source.slice(counted, index).split('\n').length - 1
    counted = index
    const marker = /^(\/\/|#)/.exec(raw)?.[0]
    const continues = marker && last?.marker === marker && /^\n[ \t]*$/.test(source.slice(last.end, index))
    const text = continues ? last.text.add(' ', line) : new Text()
    text.add(marker || raw.startsWith('/*') ? commentBody(raw) : unescaped(raw.replace(/^(["'`])+|["'`]+$/g, '')), line)
    if (!continues) texts.push(text)
    last = {text, end: index + raw.length, marker}
  }
  return texts
}

/** A paragraph or list item is one text; so is each heading, table row and line of a fenced block. */
function markdownTexts(source) {
  const texts = []
  let paragraph
  let isFenced = false
  for (const [index, line] of source.split('\n').entries()) {
    const isFence = /^\s*(```|~~~)/.test(line)
    if (isFence) isFenced = !isFenced
    const standsAlone = isFenced || isFence || /^(#|\s*\||\s*$)/.test(line)
    if (standsAlone || /^\s*([-*+]|\d+\.)\s/.test(line)) paragraph = undefined
    if (paragraph) paragraph.add(` ${line}`, index + 1)
    else {
      const text = new Text().add(line, index + 1)
      texts.push(text)
      if (!standsAlone) paragraph = text
    }
  }
  return texts
}

function lineTexts(source) {
  return source.split('\n').map((line, index) => new Text().add(line, index + 1))
}

/** The values of "description" in a JSON document. */
function descriptionTexts(source) {
  return source.split('\n').flatMap((line, index) => {
    const value = /"description":\s*"((?:\\.|[^"\\])*)"/.exec(line)?.[1]
    return value === undefined ? [] : [new Text().add(unescaped(value), index + 1)]
  })
}
