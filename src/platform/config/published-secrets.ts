/** Words of placeholders. A random secret does not contain them by chance. */
export const PLACEHOLDERS: readonly string[] = [
  ...['abcdefgh', '12345678', 'asdfghjk', 'qwertyui'],
  ...['changeit', 'changeme', 'changethis', 'insecure', 'replaceme', 'replacethis', 'placeholder'],
  ...['development', 'passphrase', 'passw0rd', 'password', 'secret'],
];

/**
 * Secrets of 32 characters and more that look random. Attackers have them in their lists, since
 * documentation, default configurations and tutorials print them.
 */
export const PUBLISHED_SECRETS: readonly string[] = [
  // RFC 7515 appendix A.1, also in the documentation of Quarkus; RFC 7520 section 3.5.
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  'hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg',
  // jwt.io.
  'a-valid-string-secret-that-is-at-least-384-bits-long',
  'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
  // The list of jwt_tool (github.com/ticarpi/jwt_tool).
  '61306132616264382D363136322D343163332D383364362D316366353539623436616663',
  '872e4e50ce9990d8b041330c47c9ddd11bec6b503ae9386a99da8584e9bb12c4',
  'A43CC200A1BD292682598DA42DAA9FD14589F3D8BF832FFA206BE775259EE1EA',
  'C2A4EB068AF8ABEF18D80B1689C7D785',
  'GQDstcKsx0NHjPOuXOYg5MbeJ1XT0uFiwDVvVBrk',
  'R9MyWaEoyiMYViVWo8Fk4TUGWiSoaW6U1nOqXri8_XU',
  'Secret key. You can use `mix guardian.gen.secret` to get one',
  'fe1a1915a379f3be5394b64d14794932',
  'gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr9C',
  // Frameworks and libraries: FastAPI, Flask, a Spring tutorial, jjwt.
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf',
  '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970',
  'Yn2kjibddFAWtnPJ2AFlL8WXmohJMCvigQggaEypa5E=',
  // NestJS, fastify-secure-session, hapi, Play.
  'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.',
  'averylogphrasebiggerthanthirtytwochars',
  '!wsYhFA*C2U6nz=Bu^%A@^F#SF3&kSR6',
  'QCY?tAnfk?aZ?iwrNwnxIlR6CTf:G3gf:90Latabg@5241AB`R5W:1uDFN];Ik@n',
  // Rails guides and tests, Laravel's test bench.
  '3b7cd727ee24e8444053437c36cc66c3',
  '3b7cd727ee24e8444053437c36cc66c4',
  'AckfSECXIvnK5r28GVIWUAxmbBSjTsmF',
  // Hasura, Directus (two), Supabase, NetBox, Redash, Dify, LibreChat (three).
  '3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R',
  '255d861b-5ea1-5996-9aa3-922530ec40b1',
  '6116487b-cda1-52c2-b5b5-c8022c45e263',
  'UpNVntn3cDxHJpq99YMc1T1AQgQpc8kfYTuRgBiYa15BLrx8etQoXz3gZv1/u2oq',
  'r(m)9nLGnz$(_q3N4z1k(EFsMCjjjzx08x9VhNVcfd%6RF#r!6DE@+V5Zk2X',
  'c292a0a3aa32397cdb050e233733900f',
  'sk-9f73s3ljTXVcMT3Blb3ljTqtsKiGHXVcMT3BlbkFJLK7U',
  'f34be427ebb29de8d88c107a71546019685ed8b241d8f2ed00c3df97ad2566f0',
  '16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef',
  'eaa5191f2914e30b9387fd84e254e4ba6fc51b4654968a9b0803b456a54b8418',
];
