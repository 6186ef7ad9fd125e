/** What an answer does that the document does not say. Each is a fault of the service. */
export type AnswerViolationKind =
  'undocumented_route' | 'undocumented_status' | 'undocumented_media_type' | 'missing_header' | 'wrong_body';

/** What a client does wrong, although the service may tolerate it. */
export type RequestViolationKind =
  'unknown_route' | 'unknown_field' | 'wrong_media_type' | 'credentials_in_query' | 'early_retry';

interface Place {
  /** For people. Has no values of the request or of the answer. */
  readonly message: string;
  readonly method: string;
  /** Without the query if it holds credentials. */
  readonly url: string;
  readonly status: number;
}

/** A difference between an exchange and the OpenAPI document. */
export type Violation = Place &
  (
    | { readonly side: 'answer'; readonly kind: AnswerViolationKind }
    | { readonly side: 'request'; readonly kind: RequestViolationKind }
  );
