/**
 * By how much the clocks of two peers may differ in rate: while one counts 100 ms, another counts 110 at the most. What is
 * promised for a time is kept for this much longer by whoever promised, so that it is over at the promised first, whatever
 * message was how late. Clocks of computers differ by less than a thousandth; the rest is for those that are slewed, and
 * for virtual machines.
 */
export const clockMargin = 1.1;
