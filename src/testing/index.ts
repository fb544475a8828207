// What helps to test programs that use the library: time that moves when told to.
export { VirtualClock } from '../time/virtual-clock.ts'
