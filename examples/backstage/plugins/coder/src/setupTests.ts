import '@testing-library/jest-dom';
import { configure } from '@testing-library/react';

// What a test waits for comes late on a machine that does other work as well.
configure({ asyncUtilTimeout: 15_000 });
jest.setTimeout(60_000);
