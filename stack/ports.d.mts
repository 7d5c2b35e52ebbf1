export type Ports = Readonly<Record<string, number>>

/** A free port for each name, the preferred one where it can be had. */
export function freePorts(names: readonly string[], preferred?: Ports): Promise<Ports>
