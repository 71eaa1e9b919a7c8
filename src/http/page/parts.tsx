import type { PropsWithChildren } from 'hono/jsx';

/** What every page is told. */
export interface PageProps {
  readonly hasLogin: boolean;
}

/** Where scripts say what came of something: what went wrong at once, the rest when there is a pause. */
export function Messages() {
  return (
    <>
      <p id="problem" class="problem" role="alert" hidden />
      <p id="status" class="status" role="status" />
    </>
  );
}

/** A field of a form under its name. */
export function Field({ label, id, children }: PropsWithChildren<{ label: string; id: string }>) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
    </div>
  );
}

/** A choice among a few words. */
export function Choice(props: { id: string; label: string; options: Readonly<Record<string, string>> }) {
  const { id, label, options } = props;
  return (
    <Field label={label} id={id}>
      <select id={id} name={id}>
        {Object.entries(options).map(([value, text]) => (
          <option value={value}>{text}</option>
        ))}
      </select>
    </Field>
  );
}
