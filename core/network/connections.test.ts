import { expect, test } from 'vitest';
import { createSeats, type Seat } from './connections.ts';

const limits = { maxConnections: 8, maxOpenConnections: 16 };

function names(seats: (Seat | undefined)[]): string[] {
  return seats.map((seat) => (seat ? (seat.mustLeave ? 'leaves' : 'stays') : 'refused'));
}

test('a client with half of all connections loses its longest idle one for each new one', () => {
  const takeSeat = createSeats(limits);
  const greedy = Array.from({ length: 4 }, () => takeSeat('a'));
  greedy[0]?.setIdle(false);
  greedy[1]?.setIdle(false);
  greedy[1]?.setIdle(true);
  greedy.push(takeSeat('a'));
  expect(names(greedy)).toEqual(['stays', 'stays', 'leaves', 'stays', 'stays']);
  greedy[2]?.free();
  greedy.push(takeSeat('a'));
  expect(names(greedy)).toEqual(['stays', 'stays', 'leaves', 'leaves', 'stays', 'stays']);
});

test('a client with half of all connections, all busy, gets no more; another one does', () => {
  const takeSeat = createSeats(limits);
  for (let i = 0; i < 4; i++) takeSeat('a')?.setIdle(false);
  expect(takeSeat('a')).toBeUndefined();
  expect(names([takeSeat('b'), takeSeat('b')])).toEqual(['stays', 'stays']);
});

test('one client that opens connections without end does not keep others out', () => {
  const takeSeat = createSeats(limits);
  const greedy = Array.from({ length: 1_000 }, () => takeSeat('a'));
  expect(greedy.filter((seat) => seat?.mustLeave).length).toBeLessThanOrEqual(2);
  expect(names([takeSeat('b'), takeSeat('c')])).toEqual(['stays', 'stays']);
});

test('when all places are taken the longest idle one of anybody leaves; busy ones never do', () => {
  const takeSeat = createSeats(limits);
  const seats = Array.from({ length: 8 }, (_, i) => takeSeat(`client ${i}`));
  seats[0]?.setIdle(false);
  const next = takeSeat('next');
  expect(names([...seats.slice(0, 3), next])).toEqual(['stays', 'leaves', 'stays', 'stays']);
  for (const seat of [...seats, next]) seat?.setIdle(false);
  expect(takeSeat('late')).toBeUndefined();
  seats[0]?.free();
  seats[0]?.free();
  expect(takeSeat('late')).toBeDefined();
  expect(takeSeat('later')).toBeDefined();
});

test('a proxy has many clients: only the total counts', () => {
  const takeSeat = createSeats(limits);
  expect(names(Array.from({ length: 8 }, () => takeSeat(undefined)))).toEqual(Array(8).fill('stays'));
});

test('beyond maxOpenConnections, with those that leave, new ones are refused until one is closed', () => {
  const takeSeat = createSeats({ maxConnections: 2, maxOpenConnections: 4 });
  const seats = Array.from({ length: 4 }, (_, i) => takeSeat(`client ${i}`));
  expect(names(seats)).toEqual(['leaves', 'leaves', 'stays', 'stays']);
  expect(takeSeat('one more')).toBeUndefined();
  seats[0]?.free();
  expect(takeSeat('one more')).toBeDefined();
});

test('a server that evicts at once closes the connection in the same step', () => {
  const takeSeat = createSeats({ maxConnections: 2, maxOpenConnections: 3 });
  const closed: string[] = [];
  for (const client of ['a', 'b', 'c', 'd']) {
    const seat = takeSeat(client, () => {
      closed.push(client);
      seat?.free();
    });
  }
  expect(closed).toEqual(['a', 'b']);
});
