/** A class path that was resolved earlier; undefined if one of its jars is missing. @param list its file */
export function readComplete(list: string): string | undefined
