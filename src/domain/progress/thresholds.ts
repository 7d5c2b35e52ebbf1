/**
 * Without progress for longer than this, something is stuck: the default of `--stuck-after`, and the limit in the commands
 * that have no such option. A consumer that acknowledges its messages together may need this long.
 */
export const STUCK_AFTER_MS = 30_000

/** Pulsar's default of `statsUpdateFrequencyInSecs`: the broker averages its rates over this time. */
export const RATE_PERIOD_MS = 60_000

/** The fewest redeliveries between two samples that count as a loop: fewer can be the normal effect of a consumer that disconnects. */
export const FEWEST_REDELIVERIES = 3
