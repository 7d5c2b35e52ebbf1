/** A class path that Maven was asked for before, if every jar on it is still there. @param list its file */
export function readComplete(list: string): string | undefined
