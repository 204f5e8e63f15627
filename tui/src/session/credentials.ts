export interface Credentials {
  readonly email: string;
  readonly password: string;
}
