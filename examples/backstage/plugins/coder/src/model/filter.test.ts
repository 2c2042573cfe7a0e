import { readFilter } from './filter';

describe('the search box', () => {
  it.each([
    ['', { owner: 'me', q: '' }],
    ['  pay ', { owner: 'me', q: 'pay' }],
    ['owner:me pay', { owner: 'me', q: 'pay' }],
    ['owner:bob pay', { owner: 'everyone', q: 'bob/pay' }],
    ['owner:bob', { owner: 'everyone', q: 'bob/' }],
    ['owner:everyone pay', { owner: 'everyone', q: 'pay' }],
  ])('reads %j', (text, filter) => {
    expect(readFilter(text)).toEqual(filter);
  });
});
