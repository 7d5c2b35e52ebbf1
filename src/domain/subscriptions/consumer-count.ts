/**
 * How many clients consume. A client has one consumer on each partition, all of one name, so each name counts as often
 * as it stands on the partition that has it most.
 */
export class ConsumerCount {
  private readonly most = new Map<string | null, number>()
  total = 0

  /** @param names of one partition's consumers; null for one whose name is not told */
  addPartition(names: ReadonlyArray<string | null>): void {
    const here = new Map<string | null, number>()
    for (const name of names) here.set(name, (here.get(name) ?? 0) + 1)
    for (const [name, count] of here) {
      const before = this.most.get(name) ?? 0
      if (count <= before) continue
      this.most.set(name, count)
      this.total += count - before
    }
  }
}
