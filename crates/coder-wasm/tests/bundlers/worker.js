import { init, readWorkspaces } from '@coder-backstage/core';

await init();
postMessage(readWorkspaces('{"count": 0, "workspaces": []}').count);
