import type {DispatchRate} from '../../clients/pulsar-admin/types.js'

const PAUSED_SECONDS = 31_536_000

/**
 * The dispatch rate that pauses a subscription. 0 means unlimited, so it is a limit of a few messages in a year.
 *
 * @param messages the number of messages of each partition that are still delivered.
 */
export function pausedRate(messages: number): DispatchRate {
  return {
    dispatchThrottlingRateInMsg: messages,
    dispatchThrottlingRateInByte: -1,
    relativeToPublishRate: false,
    ratePeriodInSecond: PAUSED_SECONDS,
  }
}

/**
 * Whether the broker's rate limiter keeps its count when the rate is changed, as `RateLimiter.setRate` does before 3.2
 * (org.apache.pulsar.common.util.RateLimiter, replaced by #21681). There, to allow 30 more messages after 30, the rate must
 * be set to 60.
 */
export function keepsCountAcrossRates(brokerVersion: string): boolean {
  return /^([0-2]|3\.[01])\./.test(brokerVersion)
}

/** The number of messages that a pausing rate allows; 0 when the rate does not pause. */
export function messagesAllowedBy(rate: DispatchRate | null): number {
  return isPaused(rate) ? (rate?.dispatchThrottlingRateInMsg ?? 0) : 0
}

export function isPaused(rate: DispatchRate | null): boolean {
  return rate?.ratePeriodInSecond === PAUSED_SECONDS
}
