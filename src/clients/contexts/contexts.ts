import {mkdir, readFile} from 'node:fs/promises'
import {dirname} from 'node:path'

import {Document, parseDocument} from 'yaml'

import {Usage} from '../../errors.js'
import {replaceFile} from '../files/replace-file.js'
import type {Context, ContextFile} from './context.js'

const HEAD = ` Clusters that keyshift can use. Secrets are referenced, never stored here: see docs/CONTEXTS.md.`

/** The context file: YAML. Comments in it are preserved when it is changed. */
export class Contexts {
  readonly path: string
  readonly file: ContextFile
  private readonly document: Document

  private constructor(path: string, document: Document, file: ContextFile) {
    this.path = path
    this.document = document
    this.file = file
  }

  /**
   * Reads the file; a missing file is empty.
   *
   * @param check returns what is wrong with the content, or null.
   * @throws Usage E_CONTEXT_FILE with the reason.
   */
  static async open(path: string, check: (content: unknown) => Promise<string | null>): Promise<Contexts> {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      const {code, message} = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return null
      throw unusable(path, code ?? message)
    })
    if (text === null) return new Contexts(path, emptyDocument(), {contexts: {}})
    const document = parseDocument(text)
    const [error] = document.errors
    // The message of the YAML error quotes the line, which may contain a secret.
    if (error) throw unusable(path, `line ${String(error.linePos?.[0].line ?? '?')} is not valid YAML (${error.code})`)
    const content: unknown = document.toJS() ?? {contexts: {}}
    const wrong = await check(content)
    if (wrong !== null) throw unusable(path, wrong)
    return new Contexts(path, document, content as ContextFile)
  }

  get names(): string[] {
    return Object.keys(this.file.contexts).toSorted()
  }

  /** Returns null when there is no context of this name. */
  get(name: string): Context | null {
    return Object.hasOwn(this.file.contexts, name) ? (this.file.contexts[name] ?? null) : null
  }

  set(name: string, context: Context): void {
    this.document.setIn(['contexts', name], this.document.createNode(context))
  }

  use(name: string): void {
    this.document.set('current', name)
  }

  remove(name: string): void {
    this.document.deleteIn(['contexts', name])
    if (this.file.current === name) this.document.delete('current')
  }

  /** Writes the file, readable by its owner only. @throws Usage E_CONTEXT_FILE */
  async save(): Promise<void> {
    try {
      await mkdir(dirname(this.path), {recursive: true, mode: 0o700})
      await replaceFile(this.path, [this.document.toString()])
    } catch (error) {
      const {code, message} = error as NodeJS.ErrnoException
      throw unusable(this.path, code ?? message)
    }
  }
}

function emptyDocument(): Document {
  const document = new Document({contexts: {}})
  document.commentBefore = HEAD
  return document
}

function unusable(path: string, reason: string): Usage {
  return new Usage('E_CONTEXT_FILE', `invalid context file ${path}: ${reason}`, {
    data: {path, reason},
    next: ['see docs/CONTEXTS.md for the format'],
  })
}
