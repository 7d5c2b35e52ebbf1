export type Ports = Readonly<Record<string, number>>

/** A free port for each name: the preferred port if it is free. */
export function freePorts(names: readonly string[], preferred?: Ports): Promise<Ports>
