/** What an address says about where it is: on this machine, or in a private network. */
import ipaddr from 'ipaddr.js';

/** Whether it is an address that only this machine can reach: 127.0.0.0/8 or ::1, without a port. */
export function isLoopback(address: string): boolean {
  return rangeOf(address) === 'loopback';
}

const privateRanges = ['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'];

/** Whether it is an address of this machine or of a private network: where proxies and containers are. */
export function isPrivate(address: string): boolean {
  return privateRanges.includes(rangeOf(address));
}

function rangeOf(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).range() : '';
}
