import { useId, useState, type ReactNode } from 'react';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';
import { useWorkspacesCardContext } from './Root';

/**
 * Properties of {@link CoderWorkspacesReminderAccordion}.
 * @public
 */
export interface ReminderAccordionProps {
  /** Whether it says why a card without a repository shows all workspaces; `true` by default. */
  canShowEntityReminder?: boolean;
  /** Whether it says why there is no link for a new workspace; `true` by default. */
  canShowTemplateNameReminder?: boolean;
}

/**
 * Explains what the card leaves out: why it shows all workspaces, and why it makes none.
 * @public
 */
export function CoderWorkspacesReminderAccordion(props: ReminderAccordionProps) {
  const { canShowEntityReminder = true, canShowTemplateNameReminder = true } = props;
  const { state, workspacesConfig } = useWorkspacesCardContext();
  if (state.kind !== 'ready') return null;
  const { entityRef, repoUrl, creationUrl } = workspacesConfig;
  const isWithoutRepository = entityRef !== undefined && repoUrl === undefined;
  return (
    <>
      {canShowEntityReminder && isWithoutRepository && (
        <Reminder question="Why does this card not follow a repository?">
          The entity names no repository. Its owner can set the annotation
          backstage.io/source-location.
        </Reminder>
      )}
      {canShowTemplateNameReminder && creationUrl === undefined && (
        <Reminder question="Why can I not create a workspace here?">
          Nobody has named a template. The entity can name one as spec.coder.templateName, the
          portal as coder.workspaces.defaultTemplateName.
        </Reminder>
      )}
    </>
  );
}

function Reminder({ question, children }: { question: string; children: ReactNode }) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  return (
    <div>
      <Button
        size="small"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setIsOpen(!isOpen)}
      >
        {question}
      </Button>
      <Typography id={id} hidden={!isOpen} variant="body2">
        {children}
      </Typography>
    </div>
  );
}
