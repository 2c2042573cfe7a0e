import SvgIcon, { type SvgIconProps } from '@material-ui/core/SvgIcon';

/**
 * The sign of Coder's workspaces: a prompt with a block cursor.
 * @public
 */
export function CoderIcon(props: SvgIconProps) {
  return (
    <SvgIcon {...props}>
      <path d="M4 5.5 10.5 12 4 18.5l-1.6-1.6L7.3 12 2.4 7.1 4 5.5zM12 6h10v12H12V6z" />
    </SvgIcon>
  );
}
