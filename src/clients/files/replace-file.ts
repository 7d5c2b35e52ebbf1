import {access, constants, open, realpath, rename, rm} from 'node:fs/promises'
import {dirname} from 'node:path'

/**
 * Replaces a file atomically, readable by its owner only. A process that reads it at the same time gets the old or the
 * new content. For a link, the file it points to is replaced.
 */
export async function replaceFile(path: string, content: Iterable<string>): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const temporary = `${target}.${String(process.pid)}`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await rm(temporary, {force: true})
    throw error
  } finally {
    await file.close()
  }
  await rename(temporary, target)
}

/** @throws when replaceFile() cannot create a file in the folder of this path. */
export async function requireReplaceable(path: string): Promise<void> {
  const target = await realpath(path).catch(() => path)
  await access(dirname(target), constants.W_OK)
}
