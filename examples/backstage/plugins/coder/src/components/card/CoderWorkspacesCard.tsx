import { makeStyles } from '@material-ui/core/styles';
import { OpenInCoderButton, OpenInCoderProgress, useOpenInCoder } from '../OpenInCoder';
import { CoderWorkspacesCardCreateWorkspaceLink as CreateWorkspaceLink } from './CreateWorkspaceLink';
import { CoderWorkspacesCardExtraActionsButton as ExtraActionsButton } from './ExtraActionsButton';
import { CoderWorkspacesCardHeaderRow as HeaderRow } from './HeaderRow';
import { CoderWorkspacesReminderAccordion as ReminderAccordion } from './ReminderAccordion';
import {
  CoderWorkspacesCardRoot as Root,
  useWorkspacesCardContext,
  type WorkspacesCardProps,
} from './Root';
import { CoderWorkspacesCardSearchBox as SearchBox } from './SearchBox';
import { CoderWorkspacesCardWorkspacesList as WorkspacesList } from './WorkspacesList';

const useStyles = makeStyles(theme => ({ search: { margin: theme.spacing(1, 0) } }));

/**
 * The card with the person's Coder workspaces: those of the entity's repository with `readEntityData`, else
 * all of them.
 * @public
 */
export function CoderWorkspacesCard(props: Omit<WorkspacesCardProps, 'children'>) {
  return (
    <Root {...props}>
      <Inside />
    </Root>
  );
}

function Inside() {
  const classes = useStyles();
  const { workspacesConfig } = useWorkspacesCardContext();
  const { entityRef, isOfPortal, templateName, params } = workspacesConfig;
  // The portal makes a workspace of the template that it knows, which `appConfig` may have replaced.
  const canOpen = entityRef !== undefined && isOfPortal && templateName !== undefined;
  const opening = useOpenInCoder(entityRef ?? '', params);
  return (
    <>
      <HeaderRow
        actions={
          <>
            {canOpen && <OpenInCoderButton {...opening} />}
            <CreateWorkspaceLink />
            <ExtraActionsButton />
          </>
        }
      />
      {canOpen && <OpenInCoderProgress {...opening} config={workspacesConfig} />}
      <div className={classes.search}>
        <SearchBox />
      </div>
      <WorkspacesList />
      <ReminderAccordion />
    </>
  );
}
