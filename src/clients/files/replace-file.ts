import {open, realpath, rename, rm} from 'node:fs/promises'

/**
 * Replaces a file as a whole, readable by its owner alone: whoever reads it meanwhile sees the old or the new one. Where
 * it is a link, what the link points to is replaced.
 */
export async function replaceFile(path: string, content: Iterable<string>): Promise<void> {
  const target = await realpath(path).catch(() => path)
  const beside = `${target}.${String(process.pid)}`
  const file = await open(beside, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await rm(beside, {force: true})
    throw error
  } finally {
    await file.close()
  }
  await rename(beside, target)
}
