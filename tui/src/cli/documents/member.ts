import type { Member } from '@hq/shared/client';

export function memberDocument(member: Member, host: string) {
  return {
    host,
    userId: member.user_id,
    email: member.email,
    role: member.role,
    tenantId: member.tenant_id,
    tenantName: member.tenant_name,
  };
}
