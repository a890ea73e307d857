/** The mark: three candles. */
export function Mark() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path
        fill="currentColor"
        d="M3 5V2h1v3h1v6H4v3H3v-3H2V5zm4.5-1V1h1v3h1v7h-1v3h-1v-3h-1V4zm4.5 3V4h1v3h1v5h-1v3h-1v-3h-1V7z"
      />
    </svg>
  );
}
