/** The commands of the MySQL protocol that run a statement: COM_QUERY and COM_STMT_EXECUTE. */
const RUNS = new Set([0x03, 0x17]);
const QUERY = 0x03;
const PREPARE = 0x16;

/** Counts the statements that a client sends, by the bytes on its connections. */
export class CommandCounter {
  count = 0;
  /** The texts of all statements that were prepared, or run without preparation. */
  readonly texts: string[] = [];

  /**
   * Counts the statements in a chunk of one connection. Assumes that a client sends each command in
   * one piece, and sends the next command after the answer.
   */
  readonly countCommands = (chunk: Buffer): void => {
    for (let at = 0; at + 5 <= chunk.length;) {
      const length = chunk.readUIntLE(at, 3);
      const isCommand = chunk[at + 3] === 0;
      const command = chunk[at + 4] ?? 0;
      if (isCommand && RUNS.has(command)) this.count += 1;
      if (isCommand && (command === QUERY || command === PREPARE))
        this.texts.push(chunk.toString('utf8', at + 5, at + 4 + length));
      at += 4 + length;
    }
  };

  /** Runs the work. @returns how many statements were sent meanwhile */
  async during(work: () => Promise<unknown>): Promise<number> {
    const before = this.count;
    await work();
    return this.count - before;
  }
}
