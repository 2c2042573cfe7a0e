import { useEffect, useState } from 'react';

/** The pause after typing before Coder is asked, in milliseconds: that of the original. */
export const SEARCH_PAUSE = 400;

/** Returns what a person has entered, once nothing was entered for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SEARCH_PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
