import type {Command, Interfaces} from '@oclif/core'
import {CommandHelp, Help} from '@oclif/core/help'

import {answerUnknownCommand} from './unknown-command.js'

/** Flag groups of most commands, which the reader knows already. They are listed after the command's own flags. */
const LAST_GROUPS = ['PULSAR', 'REDIS', 'TLS', 'LOGIN', 'GLOBAL']

/** A list of options with more characters does not fit in one line. It gets spaces, so that no option is broken. */
const LONGEST_OPTIONS = 60

class OrderedCommandHelp extends CommandHelp {
  /** oclif leaves gaps where it has moved a flag into the group of another one: `[--a |  | --b | ]`, `[--c ]`. */
  protected override defaultUsage(): string {
    return super
      .defaultUsage()
      .replaceAll(/(?: *\|)+ *(?=\])/g, '')
      .replaceAll(/ \|(?: +\|)+/g, ' |')
      .replaceAll(/ +(?=\])/g, '')
  }

  protected override flags(flags: Parameters<CommandHelp['flags']>[0]): ReturnType<CommandHelp['flags']> {
    return super
      .flags(flags)
      ?.map(([name, text]) => [
        name,
        text?.replace(/(?<=<options: )[^>]+/, (options) =>
          options.length > LONGEST_OPTIONS ? options.replaceAll('|', ' | ') : options,
        ),
      ])
  }

  protected override groupFlags(
    flags: Parameters<CommandHelp['groupFlags']>[0],
  ): ReturnType<CommandHelp['groupFlags']> {
    const {flagGroups, mainFlags} = super.groupFlags(flags)
    const rank = (group: string): number => LAST_GROUPS.indexOf(group)
    const groups = Object.entries(flagGroups).toSorted(([a], [b]) => rank(a) - rank(b))
    return {flagGroups: Object.fromEntries(groups), mainFlags}
  }
}

/** oclif loads this class by the name in package.json (`oclif.helpClass`). */
export default class KeyshiftHelp extends Help {
  protected override CommandHelpClass = OrderedCommandHelp

  /** A command that is also a topic, such as `migrate plan`, is listed once, as a command. Its own help lists what is below it. */
  protected override get sortedTopics(): Interfaces.Topic[] {
    return super.sortedTopics.filter(({name}) => !this.config.findCommand(name))
  }

  /** The `help` command comes from a plugin; its topic in package.json has the description. */
  protected override summary(command: Command.Loadable): string | undefined {
    return super.summary(
      command.id === 'help' ? {...command, summary: this.config.findTopic('help')?.description} : command,
    )
  }

  /** `help NAME` and `NAME --help` with an unknown name report the same error as the unknown command itself. */
  override async showHelp(argv: string[]): Promise<void> {
    const words = argv.filter((word) => !word.startsWith('-')).flatMap((word) => word.split(':'))
    const isOfHelp = words[0] === 'help' && this.longestKnown(words) === 'help'
    const name = isOfHelp ? words.slice(1) : words
    const known = this.longestKnown(name)
    if (known === null && name.length > 0) answerUnknownCommand(this.config, name, argv.includes('--json'))
    else await super.showHelp(known?.split(':') ?? [])
  }

  /** The id that the words start with, where the following words are a command's arguments. */
  private longestKnown(words: readonly string[]): string | null {
    const {commands, topics} = this.config
    const ids = words.map((_, at) => words.slice(0, at + 1).join(':')).reverse()
    const command = ids.find((id) => commands.some((one) => one.id === id))
    return command ?? topics.find(({name}) => name === words.join(':'))?.name ?? null
  }
}
