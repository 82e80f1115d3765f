// @ts-check
/**
 * A worker that ticks once a second. Browsers slow the timers of a hidden page down to one a minute, which would lose
 * the agent's lease and delay countdowns; they leave workers alone.
 */
setInterval(() => postMessage(0), 1000);
