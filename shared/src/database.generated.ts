// Made by `hq-db types` from the migrations. Change those, then run it again.

export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];

export type Database = {
  public: {
    Tables: {
      agent_activity: {
        Row: {
          agent_id: string;
          cost_usd: number | null;
          item_id: string | null;
          model: string | null;
          run_id: string | null;
          since: string | null;
          tenant_id: string;
          text: string | null;
          tokens: number | null;
          tool: string | null;
          updated_at: string;
        };
        Insert: {
          agent_id: string;
          cost_usd?: number | null;
          item_id?: string | null;
          model?: string | null;
          run_id?: string | null;
          since?: string | null;
          tenant_id?: string;
          text?: string | null;
          tokens?: number | null;
          tool?: string | null;
          updated_at?: string;
        };
        Update: {
          agent_id?: string;
          cost_usd?: number | null;
          item_id?: string | null;
          model?: string | null;
          run_id?: string | null;
          since?: string | null;
          tenant_id?: string;
          text?: string | null;
          tokens?: number | null;
          tool?: string | null;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_activity_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: true;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_activity_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_budgets: {
        Row: {
          agent_id: string;
          created_at: string;
          current_period_spend_usd: number;
          current_period_start: string;
          current_period_tokens: number;
          hard_cutoff: boolean;
          hourly_limit_usd: number | null;
          monthly_limit_usd: number | null;
          period_anchor_tz: string;
          soft_threshold_pct: number;
          status: Database['public']['Enums']['budget_status'];
          tenant_id: string;
          updated_at: string;
        };
        Insert: {
          agent_id: string;
          created_at?: string;
          current_period_spend_usd?: number;
          current_period_start?: string;
          current_period_tokens?: number;
          hard_cutoff?: boolean;
          hourly_limit_usd?: number | null;
          monthly_limit_usd?: number | null;
          period_anchor_tz?: string;
          soft_threshold_pct?: number;
          status?: Database['public']['Enums']['budget_status'];
          tenant_id?: string;
          updated_at?: string;
        };
        Update: {
          agent_id?: string;
          created_at?: string;
          current_period_spend_usd?: number;
          current_period_start?: string;
          current_period_tokens?: number;
          hard_cutoff?: boolean;
          hourly_limit_usd?: number | null;
          monthly_limit_usd?: number | null;
          period_anchor_tz?: string;
          soft_threshold_pct?: number;
          status?: Database['public']['Enums']['budget_status'];
          tenant_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_budgets_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: true;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_budgets_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_command_output: {
        Row: {
          attempt: number;
          bytes_so_far: number;
          command_id: string;
          created_at: string;
          seq: number;
          stream: string;
          tenant_id: string;
          text: string;
        };
        Insert: {
          attempt: number;
          bytes_so_far: number;
          command_id: string;
          created_at?: string;
          seq: number;
          stream: string;
          tenant_id: string;
          text: string;
        };
        Update: {
          attempt?: number;
          bytes_so_far?: number;
          command_id?: string;
          created_at?: string;
          seq?: number;
          stream?: string;
          tenant_id?: string;
          text?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_command_output_command_id_fkey';
            columns: ['command_id'];
            isOneToOne: false;
            referencedRelation: 'agent_commands';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_command_output_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_commands: {
        Row: {
          action: Database['public']['Enums']['command_action'];
          agent_id: string | null;
          agent_slug: string | null;
          attempt: number;
          cancel_requested_at: string | null;
          completed_at: string | null;
          created_at: string;
          error_message: string | null;
          exit_code: number | null;
          gateway_id: string | null;
          id: string;
          idempotency_key: string | null;
          lease_seconds: number | null;
          lease_token: string | null;
          leased_at: string | null;
          leased_until: string | null;
          meta: Json;
          origin: string | null;
          payload: Json;
          payload_hash: string | null;
          priority: number;
          progress: Json | null;
          requested_by: string | null;
          result: Json | null;
          runner_id: string | null;
          started_at: string | null;
          status: Database['public']['Enums']['command_status'];
          stderr: string | null;
          stdout: string | null;
          tenant_id: string;
          updated_at: string;
        };
        Insert: {
          action: Database['public']['Enums']['command_action'];
          agent_id?: string | null;
          agent_slug?: string | null;
          attempt?: number;
          cancel_requested_at?: string | null;
          completed_at?: string | null;
          created_at?: string;
          error_message?: string | null;
          exit_code?: number | null;
          gateway_id?: string | null;
          id?: string;
          idempotency_key?: string | null;
          lease_seconds?: number | null;
          lease_token?: string | null;
          leased_at?: string | null;
          leased_until?: string | null;
          meta?: Json;
          origin?: string | null;
          payload?: Json;
          payload_hash?: string | null;
          priority?: number;
          progress?: Json | null;
          requested_by?: string | null;
          result?: Json | null;
          runner_id?: string | null;
          started_at?: string | null;
          status?: Database['public']['Enums']['command_status'];
          stderr?: string | null;
          stdout?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Update: {
          action?: Database['public']['Enums']['command_action'];
          agent_id?: string | null;
          agent_slug?: string | null;
          attempt?: number;
          cancel_requested_at?: string | null;
          completed_at?: string | null;
          created_at?: string;
          error_message?: string | null;
          exit_code?: number | null;
          gateway_id?: string | null;
          id?: string;
          idempotency_key?: string | null;
          lease_seconds?: number | null;
          lease_token?: string | null;
          leased_at?: string | null;
          leased_until?: string | null;
          meta?: Json;
          origin?: string | null;
          payload?: Json;
          payload_hash?: string | null;
          priority?: number;
          progress?: Json | null;
          requested_by?: string | null;
          result?: Json | null;
          runner_id?: string | null;
          started_at?: string | null;
          status?: Database['public']['Enums']['command_status'];
          stderr?: string | null;
          stdout?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_commands_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_commands_gateway_id_fkey';
            columns: ['gateway_id'];
            isOneToOne: false;
            referencedRelation: 'gateways';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_commands_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_conditions: {
        Row: {
          agent_id: string;
          kind: string;
          reason: string;
          since: string;
          subject: string | null;
          tenant_id: string;
        };
        Insert: {
          agent_id: string;
          kind: string;
          reason: string;
          since?: string;
          subject?: string | null;
          tenant_id?: string;
        };
        Update: {
          agent_id?: string;
          kind?: string;
          reason?: string;
          since?: string;
          subject?: string | null;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_conditions_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_conditions_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_inbox_items: {
        Row: {
          agent_id: string;
          agent_slug: string;
          attempt_count: number;
          comment_id: string | null;
          completed_at: string | null;
          contact_id: string | null;
          context: Json;
          created_at: string;
          dedup_key: string | null;
          dispatch_count: number;
          dispatch_token: string | null;
          event_type: Database['public']['Enums']['inbox_event_type'];
          failed_at: string | null;
          id: string;
          last_wake_attempt_at: string | null;
          last_wake_success_at: string | null;
          lease_run: string | null;
          lease_session: string | null;
          leased_at: string | null;
          leased_until: string | null;
          max_attempts: number;
          status: Database['public']['Enums']['inbox_item_status'];
          summary: string | null;
          task_id: string | null;
          tenant_id: string;
          updated_at: string;
        };
        Insert: {
          agent_id: string;
          agent_slug: string;
          attempt_count?: number;
          comment_id?: string | null;
          completed_at?: string | null;
          contact_id?: string | null;
          context?: Json;
          created_at?: string;
          dedup_key?: string | null;
          dispatch_count?: number;
          dispatch_token?: string | null;
          event_type: Database['public']['Enums']['inbox_event_type'];
          failed_at?: string | null;
          id?: string;
          last_wake_attempt_at?: string | null;
          last_wake_success_at?: string | null;
          lease_run?: string | null;
          lease_session?: string | null;
          leased_at?: string | null;
          leased_until?: string | null;
          max_attempts?: number;
          status?: Database['public']['Enums']['inbox_item_status'];
          summary?: string | null;
          task_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Update: {
          agent_id?: string;
          agent_slug?: string;
          attempt_count?: number;
          comment_id?: string | null;
          completed_at?: string | null;
          contact_id?: string | null;
          context?: Json;
          created_at?: string;
          dedup_key?: string | null;
          dispatch_count?: number;
          dispatch_token?: string | null;
          event_type?: Database['public']['Enums']['inbox_event_type'];
          failed_at?: string | null;
          id?: string;
          last_wake_attempt_at?: string | null;
          last_wake_success_at?: string | null;
          lease_run?: string | null;
          lease_session?: string | null;
          leased_at?: string | null;
          leased_until?: string | null;
          max_attempts?: number;
          status?: Database['public']['Enums']['inbox_item_status'];
          summary?: string | null;
          task_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_inbox_items_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_inbox_items_comment_id_fkey';
            columns: ['comment_id'];
            isOneToOne: false;
            referencedRelation: 'comments';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_inbox_items_task_id_fkey';
            columns: ['task_id'];
            isOneToOne: false;
            referencedRelation: 'tasks';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_inbox_items_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_questions: {
        Row: {
          agent_id: string;
          answer: string | null;
          answered_at: string | null;
          answered_by: string | null;
          choices: string[];
          created_at: string;
          delivered_at: string | null;
          expires_at: string;
          free_text: boolean;
          host: string | null;
          id: string;
          item_id: string | null;
          kind: string;
          question: string;
          status: string;
          task_id: string | null;
          tenant_id: string;
          updated_at: string;
          waits_until: string | null;
        };
        Insert: {
          agent_id: string;
          answer?: string | null;
          answered_at?: string | null;
          answered_by?: string | null;
          choices?: string[];
          created_at?: string;
          delivered_at?: string | null;
          expires_at: string;
          free_text?: boolean;
          host?: string | null;
          id?: string;
          item_id?: string | null;
          kind: string;
          question: string;
          status?: string;
          task_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
          waits_until?: string | null;
        };
        Update: {
          agent_id?: string;
          answer?: string | null;
          answered_at?: string | null;
          answered_by?: string | null;
          choices?: string[];
          created_at?: string;
          delivered_at?: string | null;
          expires_at?: string;
          free_text?: boolean;
          host?: string | null;
          id?: string;
          item_id?: string | null;
          kind?: string;
          question?: string;
          status?: string;
          task_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
          waits_until?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_questions_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_questions_item_id_fkey';
            columns: ['item_id'];
            isOneToOne: false;
            referencedRelation: 'agent_inbox_items';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_questions_task_id_fkey';
            columns: ['task_id'];
            isOneToOne: false;
            referencedRelation: 'tasks';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_questions_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_routines: {
        Row: {
          agent_id: string;
          created_at: string;
          created_by: string | null;
          creates_task: boolean;
          event: string | null;
          id: string;
          instructions: string | null;
          last_run_at: string | null;
          last_task_id: string | null;
          name: string;
          next_run_at: string | null;
          paused_at: string | null;
          schedule: string | null;
          tenant_id: string;
          time_zone: string;
          updated_at: string;
        };
        Insert: {
          agent_id: string;
          created_at?: string;
          created_by?: string | null;
          creates_task?: boolean;
          event?: string | null;
          id?: string;
          instructions?: string | null;
          last_run_at?: string | null;
          last_task_id?: string | null;
          name: string;
          next_run_at?: string | null;
          paused_at?: string | null;
          schedule?: string | null;
          tenant_id?: string;
          time_zone?: string;
          updated_at?: string;
        };
        Update: {
          agent_id?: string;
          created_at?: string;
          created_by?: string | null;
          creates_task?: boolean;
          event?: string | null;
          id?: string;
          instructions?: string | null;
          last_run_at?: string | null;
          last_task_id?: string | null;
          name?: string;
          next_run_at?: string | null;
          paused_at?: string | null;
          schedule?: string | null;
          tenant_id?: string;
          time_zone?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_routines_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_routines_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agent_usage: {
        Row: {
          agent_id: string | null;
          cache_read: number;
          cache_write: number;
          cost_cache_read_usd: number;
          cost_cache_write_usd: number;
          cost_input_usd: number;
          cost_output_usd: number;
          cost_total_usd: number;
          created_at: string;
          id: string;
          input_tokens: number;
          model: string;
          occurred_at: string;
          output_tokens: number;
          provider: string;
          run_id: string;
          session_id: string | null;
          tenant_id: string;
          total_tokens: number;
        };
        Insert: {
          agent_id?: string | null;
          cache_read?: number;
          cache_write?: number;
          cost_cache_read_usd?: number;
          cost_cache_write_usd?: number;
          cost_input_usd?: number;
          cost_output_usd?: number;
          cost_total_usd?: number;
          created_at?: string;
          id?: string;
          input_tokens?: number;
          model: string;
          occurred_at?: string;
          output_tokens?: number;
          provider: string;
          run_id: string;
          session_id?: string | null;
          tenant_id?: string;
          total_tokens?: number;
        };
        Update: {
          agent_id?: string | null;
          cache_read?: number;
          cache_write?: number;
          cost_cache_read_usd?: number;
          cost_cache_write_usd?: number;
          cost_input_usd?: number;
          cost_output_usd?: number;
          cost_total_usd?: number;
          created_at?: string;
          id?: string;
          input_tokens?: number;
          model?: string;
          occurred_at?: string;
          output_tokens?: number;
          provider?: string;
          run_id?: string;
          session_id?: string | null;
          tenant_id?: string;
          total_tokens?: number;
        };
        Relationships: [
          {
            foreignKeyName: 'agent_usage_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agent_usage_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      agents: {
        Row: {
          avatar_url: string | null;
          branch: string | null;
          capabilities: string[];
          config: Json;
          created_at: string;
          description: string | null;
          domains: string[];
          gateway_id: string | null;
          id: string;
          last_heartbeat_at: string | null;
          last_seen_at: string | null;
          meta: Json;
          model: string | null;
          name: string;
          openclaw_id: string | null;
          reports_to_id: string | null;
          slug: string;
          status: Database['public']['Enums']['agent_status'];
          tenant_id: string;
          thinking: string | null;
          updated_at: string;
        };
        Insert: {
          avatar_url?: string | null;
          branch?: string | null;
          capabilities?: string[];
          config?: Json;
          created_at?: string;
          description?: string | null;
          domains?: string[];
          gateway_id?: string | null;
          id?: string;
          last_heartbeat_at?: string | null;
          last_seen_at?: string | null;
          meta?: Json;
          model?: string | null;
          name: string;
          openclaw_id?: string | null;
          reports_to_id?: string | null;
          slug: string;
          status?: Database['public']['Enums']['agent_status'];
          tenant_id?: string;
          thinking?: string | null;
          updated_at?: string;
        };
        Update: {
          avatar_url?: string | null;
          branch?: string | null;
          capabilities?: string[];
          config?: Json;
          created_at?: string;
          description?: string | null;
          domains?: string[];
          gateway_id?: string | null;
          id?: string;
          last_heartbeat_at?: string | null;
          last_seen_at?: string | null;
          meta?: Json;
          model?: string | null;
          name?: string;
          openclaw_id?: string | null;
          reports_to_id?: string | null;
          slug?: string;
          status?: Database['public']['Enums']['agent_status'];
          tenant_id?: string;
          thinking?: string | null;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'agents_gateway_id_fkey';
            columns: ['gateway_id'];
            isOneToOne: false;
            referencedRelation: 'gateways';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agents_reports_to_id_fkey';
            columns: ['reports_to_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'agents_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      alert_mutes: {
        Row: {
          created_at: string;
          muted_by: string | null;
          subject: string;
          tenant_id: string;
          type: string;
          until: string;
        };
        Insert: {
          created_at?: string;
          muted_by?: string | null;
          subject: string;
          tenant_id?: string;
          type: string;
          until: string;
        };
        Update: {
          created_at?: string;
          muted_by?: string | null;
          subject?: string;
          tenant_id?: string;
          type?: string;
          until?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'alert_mutes_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      audit_log: {
        Row: {
          action: string;
          actor_agent_id: string | null;
          actor_type: string;
          actor_user_id: string | null;
          changes: Json | null;
          created_at: string;
          entity_id: string | null;
          entity_type: string | null;
          id: string;
          meta: Json;
          module: string | null;
          summary: string | null;
          tenant_id: string;
        };
        Insert: {
          action: string;
          actor_agent_id?: string | null;
          actor_type?: string;
          actor_user_id?: string | null;
          changes?: Json | null;
          created_at?: string;
          entity_id?: string | null;
          entity_type?: string | null;
          id?: string;
          meta?: Json;
          module?: string | null;
          summary?: string | null;
          tenant_id?: string;
        };
        Update: {
          action?: string;
          actor_agent_id?: string | null;
          actor_type?: string;
          actor_user_id?: string | null;
          changes?: Json | null;
          created_at?: string;
          entity_id?: string | null;
          entity_type?: string | null;
          id?: string;
          meta?: Json;
          module?: string | null;
          summary?: string | null;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'audit_log_actor_agent_id_fkey';
            columns: ['actor_agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'audit_log_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_adapters: {
        Row: {
          created_at: string;
          detail: string | null;
          fingerprint: string;
          held_until: string;
          holder: string;
          install: string | null;
          last_beat_at: string;
          last_inbound_at: string | null;
          last_outbound_at: string | null;
          platform: string;
          state: string;
          state_since: string;
          tenant_id: string;
        };
        Insert: {
          created_at?: string;
          detail?: string | null;
          fingerprint: string;
          held_until?: string;
          holder: string;
          install?: string | null;
          last_beat_at?: string;
          last_inbound_at?: string | null;
          last_outbound_at?: string | null;
          platform: string;
          state: string;
          state_since?: string;
          tenant_id?: string;
        };
        Update: {
          created_at?: string;
          detail?: string | null;
          fingerprint?: string;
          held_until?: string;
          holder?: string;
          install?: string | null;
          last_beat_at?: string;
          last_inbound_at?: string | null;
          last_outbound_at?: string | null;
          platform?: string;
          state?: string;
          state_since?: string;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_adapters_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_alert_messages: {
        Row: {
          created_at: string;
          handle: Json;
          key: string;
          subscription_id: string;
          tenant_id: string;
        };
        Insert: {
          created_at?: string;
          handle: Json;
          key: string;
          subscription_id: string;
          tenant_id: string;
        };
        Update: {
          created_at?: string;
          handle?: Json;
          key?: string;
          subscription_id?: string;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_alert_messages_subscription_id_fkey';
            columns: ['subscription_id'];
            isOneToOne: false;
            referencedRelation: 'chat_subscriptions';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_alert_messages_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_bots: {
        Row: {
          created_at: string;
          tenant_id: string;
          user_id: string;
        };
        Insert: {
          created_at?: string;
          tenant_id?: string;
          user_id: string;
        };
        Update: {
          created_at?: string;
          tenant_id?: string;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_bots_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_bots_tenant_id_user_id_fkey';
            columns: ['tenant_id', 'user_id'];
            isOneToOne: true;
            referencedRelation: 'tenant_members';
            referencedColumns: ['tenant_id', 'user_id'];
          },
        ];
      };
      chat_buttons: {
        Row: {
          channel: string;
          chat_user: string | null;
          created_at: string;
          expires_at: string;
          install: string;
          intent: Json;
          once: boolean;
          platform: string;
          pressed_at: string | null;
          tenant_id: string;
          token_hash: string;
        };
        Insert: {
          channel: string;
          chat_user?: string | null;
          created_at?: string;
          expires_at: string;
          install: string;
          intent: Json;
          once: boolean;
          platform: string;
          pressed_at?: string | null;
          tenant_id: string;
          token_hash: string;
        };
        Update: {
          channel?: string;
          chat_user?: string | null;
          created_at?: string;
          expires_at?: string;
          install?: string;
          intent?: Json;
          once?: boolean;
          platform?: string;
          pressed_at?: string | null;
          tenant_id?: string;
          token_hash?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_buttons_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_cards: {
        Row: {
          channel: string;
          closed: boolean;
          command_id: string;
          created_at: string;
          handle: Json;
          install: string;
          platform: string;
          shown: string | null;
          tenant_id: string;
          thread: string | null;
        };
        Insert: {
          channel: string;
          closed?: boolean;
          command_id: string;
          created_at?: string;
          handle: Json;
          install: string;
          platform: string;
          shown?: string | null;
          tenant_id: string;
          thread?: string | null;
        };
        Update: {
          channel?: string;
          closed?: boolean;
          command_id?: string;
          created_at?: string;
          handle?: Json;
          install?: string;
          platform?: string;
          shown?: string | null;
          tenant_id?: string;
          thread?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_cards_command_id_fkey';
            columns: ['command_id'];
            isOneToOne: false;
            referencedRelation: 'agent_commands';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_cards_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_channels: {
        Row: {
          agent_id: string | null;
          bound_by: string | null;
          ceiling: Database['public']['Enums']['member_role'];
          channel: string;
          created_at: string;
          gateway_id: string | null;
          id: string;
          install: string;
          platform: string;
          tenant_id: string;
        };
        Insert: {
          agent_id?: string | null;
          bound_by?: string | null;
          ceiling: Database['public']['Enums']['member_role'];
          channel: string;
          created_at?: string;
          gateway_id?: string | null;
          id?: string;
          install: string;
          platform: string;
          tenant_id?: string;
        };
        Update: {
          agent_id?: string | null;
          bound_by?: string | null;
          ceiling?: Database['public']['Enums']['member_role'];
          channel?: string;
          created_at?: string;
          gateway_id?: string | null;
          id?: string;
          install?: string;
          platform?: string;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_channels_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_channels_gateway_id_fkey';
            columns: ['gateway_id'];
            isOneToOne: false;
            referencedRelation: 'gateways';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_channels_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_confirmations: {
        Row: {
          action: string;
          agent_id: string | null;
          channel: string;
          command_id: string | null;
          created_at: string;
          decided_at: string | null;
          decided_by: string | null;
          decision: string | null;
          expected: string | null;
          expires_at: string;
          gateway_id: string | null;
          id: string;
          identity_id: string;
          install: string;
          kind: string;
          payload: Json;
          platform: string;
          question: Json | null;
          tenant_id: string;
          token_hash: string;
        };
        Insert: {
          action: string;
          agent_id?: string | null;
          channel: string;
          command_id?: string | null;
          created_at?: string;
          decided_at?: string | null;
          decided_by?: string | null;
          decision?: string | null;
          expected?: string | null;
          expires_at: string;
          gateway_id?: string | null;
          id?: string;
          identity_id: string;
          install: string;
          kind: string;
          payload: Json;
          platform: string;
          question?: Json | null;
          tenant_id: string;
          token_hash: string;
        };
        Update: {
          action?: string;
          agent_id?: string | null;
          channel?: string;
          command_id?: string | null;
          created_at?: string;
          decided_at?: string | null;
          decided_by?: string | null;
          decision?: string | null;
          expected?: string | null;
          expires_at?: string;
          gateway_id?: string | null;
          id?: string;
          identity_id?: string;
          install?: string;
          kind?: string;
          payload?: Json;
          platform?: string;
          question?: Json | null;
          tenant_id?: string;
          token_hash?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_confirmations_identity_id_fkey';
            columns: ['identity_id'];
            isOneToOne: false;
            referencedRelation: 'chat_identities';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_confirmations_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_deliveries: {
        Row: {
          answer: Json | null;
          call: string;
          created_at: string;
          delivery: string;
          install: string;
          platform: string;
          request_hash: string;
          tenant_id: string;
        };
        Insert: {
          answer?: Json | null;
          call: string;
          created_at?: string;
          delivery: string;
          install: string;
          platform: string;
          request_hash: string;
          tenant_id: string;
        };
        Update: {
          answer?: Json | null;
          call?: string;
          created_at?: string;
          delivery?: string;
          install?: string;
          platform?: string;
          request_hash?: string;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_deliveries_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      chat_identities: {
        Row: {
          chat_user: string;
          created_at: string;
          id: string;
          install: string;
          last_seen_at: string | null;
          platform: string;
          revoked_at: string | null;
          revoked_by: string | null;
          tenant_id: string;
          user_id: string;
        };
        Insert: {
          chat_user: string;
          created_at?: string;
          id?: string;
          install: string;
          last_seen_at?: string | null;
          platform: string;
          revoked_at?: string | null;
          revoked_by?: string | null;
          tenant_id?: string;
          user_id: string;
        };
        Update: {
          chat_user?: string;
          created_at?: string;
          id?: string;
          install?: string;
          last_seen_at?: string | null;
          platform?: string;
          revoked_at?: string | null;
          revoked_by?: string | null;
          tenant_id?: string;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_identities_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_identities_tenant_id_user_id_fkey';
            columns: ['tenant_id', 'user_id'];
            isOneToOne: false;
            referencedRelation: 'tenant_members';
            referencedColumns: ['tenant_id', 'user_id'];
          },
        ];
      };
      chat_link_codes: {
        Row: {
          code_hash: string;
          created_at: string;
          expires_at: string;
          id: string;
          tenant_id: string;
          user_id: string;
        };
        Insert: {
          code_hash: string;
          created_at?: string;
          expires_at: string;
          id?: string;
          tenant_id?: string;
          user_id: string;
        };
        Update: {
          code_hash?: string;
          created_at?: string;
          expires_at?: string;
          id?: string;
          tenant_id?: string;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_link_codes_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_link_codes_tenant_id_user_id_fkey';
            columns: ['tenant_id', 'user_id'];
            isOneToOne: false;
            referencedRelation: 'tenant_members';
            referencedColumns: ['tenant_id', 'user_id'];
          },
        ];
      };
      chat_subscriptions: {
        Row: {
          channel: string;
          channel_id: string | null;
          created_at: string;
          cursor: string | null;
          disabled_at: string | null;
          disabled_reason: string | null;
          filter: Json;
          id: string;
          identity_id: string | null;
          install: string;
          kind: string;
          platform: string;
          tenant_id: string;
          thread: string | null;
        };
        Insert: {
          channel: string;
          channel_id?: string | null;
          created_at?: string;
          cursor?: string | null;
          disabled_at?: string | null;
          disabled_reason?: string | null;
          filter?: Json;
          id?: string;
          identity_id?: string | null;
          install: string;
          kind: string;
          platform: string;
          tenant_id?: string;
          thread?: string | null;
        };
        Update: {
          channel?: string;
          channel_id?: string | null;
          created_at?: string;
          cursor?: string | null;
          disabled_at?: string | null;
          disabled_reason?: string | null;
          filter?: Json;
          id?: string;
          identity_id?: string | null;
          install?: string;
          kind?: string;
          platform?: string;
          tenant_id?: string;
          thread?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'chat_subscriptions_channel_id_fkey';
            columns: ['channel_id'];
            isOneToOne: false;
            referencedRelation: 'chat_channels';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_subscriptions_identity_id_fkey';
            columns: ['identity_id'];
            isOneToOne: false;
            referencedRelation: 'chat_identities';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'chat_subscriptions_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      comments: {
        Row: {
          actor_agent_id: string | null;
          actor_type: string;
          body: string;
          created_at: string;
          entity_id: string;
          entity_type: string;
          id: string;
          mentions: string[];
          parent_id: string | null;
          tenant_id: string;
          updated_at: string;
        };
        Insert: {
          actor_agent_id?: string | null;
          actor_type?: string;
          body: string;
          created_at?: string;
          entity_id: string;
          entity_type: string;
          id?: string;
          mentions?: string[];
          parent_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Update: {
          actor_agent_id?: string | null;
          actor_type?: string;
          body?: string;
          created_at?: string;
          entity_id?: string;
          entity_type?: string;
          id?: string;
          mentions?: string[];
          parent_id?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'comments_actor_agent_id_fkey';
            columns: ['actor_agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'comments_parent_id_fkey';
            columns: ['parent_id'];
            isOneToOne: false;
            referencedRelation: 'comments';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'comments_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      entity_links: {
        Row: {
          created_at: string;
          id: string;
          is_deliverable: boolean;
          label: string | null;
          owner_id: string;
          owner_type: string;
          review_note: string | null;
          review_status: Database['public']['Enums']['review_status'] | null;
          reviewed_at: string | null;
          submitted_by_agent_id: string | null;
          target_id: string | null;
          target_type: string | null;
          tenant_id: string;
          updated_at: string;
          url: string | null;
        };
        Insert: {
          created_at?: string;
          id?: string;
          is_deliverable?: boolean;
          label?: string | null;
          owner_id: string;
          owner_type: string;
          review_note?: string | null;
          review_status?: Database['public']['Enums']['review_status'] | null;
          reviewed_at?: string | null;
          submitted_by_agent_id?: string | null;
          target_id?: string | null;
          target_type?: string | null;
          tenant_id?: string;
          updated_at?: string;
          url?: string | null;
        };
        Update: {
          created_at?: string;
          id?: string;
          is_deliverable?: boolean;
          label?: string | null;
          owner_id?: string;
          owner_type?: string;
          review_note?: string | null;
          review_status?: Database['public']['Enums']['review_status'] | null;
          reviewed_at?: string | null;
          submitted_by_agent_id?: string | null;
          target_id?: string | null;
          target_type?: string | null;
          tenant_id?: string;
          updated_at?: string;
          url?: string | null;
        };
        Relationships: [
          {
            foreignKeyName: 'entity_links_submitted_by_agent_id_fkey';
            columns: ['submitted_by_agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'entity_links_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      gateway_registration_tokens: {
        Row: {
          consumed_at: string | null;
          consumed_by_gateway_id: string | null;
          created_at: string;
          expires_at: string;
          id: string;
          label: string | null;
          tenant_id: string;
          token_hash: string;
        };
        Insert: {
          consumed_at?: string | null;
          consumed_by_gateway_id?: string | null;
          created_at?: string;
          expires_at?: string;
          id?: string;
          label?: string | null;
          tenant_id?: string;
          token_hash: string;
        };
        Update: {
          consumed_at?: string | null;
          consumed_by_gateway_id?: string | null;
          created_at?: string;
          expires_at?: string;
          id?: string;
          label?: string | null;
          tenant_id?: string;
          token_hash?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'gateway_registration_tokens_consumed_by_gateway_id_fkey';
            columns: ['consumed_by_gateway_id'];
            isOneToOne: false;
            referencedRelation: 'gateways';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'gateway_registration_tokens_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      gateways: {
        Row: {
          agents_version: number;
          created_at: string;
          dispatch_version: number;
          id: string;
          label: string | null;
          last_backup_at: string | null;
          last_backup_size_bytes: number | null;
          last_heartbeat_at: string | null;
          last_seen_at: string | null;
          meta: Json;
          secrets_version: number;
          slug: string;
          status: Database['public']['Enums']['gateway_status'];
          tenant_id: string;
          updated_at: string;
        };
        Insert: {
          agents_version?: number;
          created_at?: string;
          dispatch_version?: number;
          id?: string;
          label?: string | null;
          last_backup_at?: string | null;
          last_backup_size_bytes?: number | null;
          last_heartbeat_at?: string | null;
          last_seen_at?: string | null;
          meta?: Json;
          secrets_version?: number;
          slug: string;
          status?: Database['public']['Enums']['gateway_status'];
          tenant_id?: string;
          updated_at?: string;
        };
        Update: {
          agents_version?: number;
          created_at?: string;
          dispatch_version?: number;
          id?: string;
          label?: string | null;
          last_backup_at?: string | null;
          last_backup_size_bytes?: number | null;
          last_heartbeat_at?: string | null;
          last_seen_at?: string | null;
          meta?: Json;
          secrets_version?: number;
          slug?: string;
          status?: Database['public']['Enums']['gateway_status'];
          tenant_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'gateways_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      notifications: {
        Row: {
          actor_agent_id: string | null;
          actor_type: string | null;
          body: string | null;
          created_at: string;
          dedup_key: string | null;
          dismissed_at: string | null;
          entity_id: string | null;
          entity_type: string | null;
          id: string;
          last_at: string;
          meta: Json;
          muted: boolean;
          muted_by: string | null;
          muted_until: string | null;
          occurrences: number;
          read_at: string | null;
          resolved_at: string | null;
          seen_by: string | null;
          severity: string;
          subject: string | null;
          tenant_id: string;
          title: string;
          type: string;
        };
        Insert: {
          actor_agent_id?: string | null;
          actor_type?: string | null;
          body?: string | null;
          created_at?: string;
          dedup_key?: string | null;
          dismissed_at?: string | null;
          entity_id?: string | null;
          entity_type?: string | null;
          id?: string;
          last_at?: string;
          meta?: Json;
          muted?: boolean;
          muted_by?: string | null;
          muted_until?: string | null;
          occurrences?: number;
          read_at?: string | null;
          resolved_at?: string | null;
          seen_by?: string | null;
          severity?: string;
          subject?: string | null;
          tenant_id?: string;
          title: string;
          type: string;
        };
        Update: {
          actor_agent_id?: string | null;
          actor_type?: string | null;
          body?: string | null;
          created_at?: string;
          dedup_key?: string | null;
          dismissed_at?: string | null;
          entity_id?: string | null;
          entity_type?: string | null;
          id?: string;
          last_at?: string;
          meta?: Json;
          muted?: boolean;
          muted_by?: string | null;
          muted_until?: string | null;
          occurrences?: number;
          read_at?: string | null;
          resolved_at?: string | null;
          seen_by?: string | null;
          severity?: string;
          subject?: string | null;
          tenant_id?: string;
          title?: string;
          type?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'notifications_actor_agent_id_fkey';
            columns: ['actor_agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'notifications_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      pairing_requests: {
        Row: {
          account: string;
          agent_id: string;
          channel: string;
          code: string;
          created_at: string;
          expires_at: string;
          gateway_id: string;
          id: string;
          sender: string;
          sender_name: string | null;
          status: string;
          tenant_id: string;
          updated_at: string;
        };
        Insert: {
          account: string;
          agent_id: string;
          channel: string;
          code: string;
          created_at?: string;
          expires_at: string;
          gateway_id: string;
          id?: string;
          sender: string;
          sender_name?: string | null;
          status?: string;
          tenant_id?: string;
          updated_at?: string;
        };
        Update: {
          account?: string;
          agent_id?: string;
          channel?: string;
          code?: string;
          created_at?: string;
          expires_at?: string;
          gateway_id?: string;
          id?: string;
          sender?: string;
          sender_name?: string | null;
          status?: string;
          tenant_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'pairing_requests_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'pairing_requests_gateway_id_fkey';
            columns: ['gateway_id'];
            isOneToOne: false;
            referencedRelation: 'gateways';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'pairing_requests_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      secrets: {
        Row: {
          agent_id: string | null;
          category: string;
          created_at: string;
          encrypted_value: string;
          gateway_id: string;
          id: string;
          key: string;
          last_synced_at: string | null;
          name: string | null;
          note: string | null;
          revision: number;
          sync_error: string | null;
          sync_status: string;
          tenant_id: string;
          updated_at: string;
          updated_by: string | null;
          value_since: string;
        };
        Insert: {
          agent_id?: string | null;
          category?: string;
          created_at?: string;
          encrypted_value: string;
          gateway_id: string;
          id?: string;
          key: string;
          last_synced_at?: string | null;
          name?: string | null;
          note?: string | null;
          revision?: number;
          sync_error?: string | null;
          sync_status?: string;
          tenant_id?: string;
          updated_at?: string;
          updated_by?: string | null;
          value_since?: string;
        };
        Update: {
          agent_id?: string | null;
          category?: string;
          created_at?: string;
          encrypted_value?: string;
          gateway_id?: string;
          id?: string;
          key?: string;
          last_synced_at?: string | null;
          name?: string | null;
          note?: string | null;
          revision?: number;
          sync_error?: string | null;
          sync_status?: string;
          tenant_id?: string;
          updated_at?: string;
          updated_by?: string | null;
          value_since?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'secrets_agent_id_fkey';
            columns: ['agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'secrets_gateway_id_fkey';
            columns: ['gateway_id'];
            isOneToOne: false;
            referencedRelation: 'gateways';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'secrets_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      task_relations: {
        Row: {
          created_at: string;
          id: string;
          relation_type: string;
          source_task_id: string;
          target_task_id: string;
          tenant_id: string;
        };
        Insert: {
          created_at?: string;
          id?: string;
          relation_type: string;
          source_task_id: string;
          target_task_id: string;
          tenant_id?: string;
        };
        Update: {
          created_at?: string;
          id?: string;
          relation_type?: string;
          source_task_id?: string;
          target_task_id?: string;
          tenant_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'task_relations_source_task_id_fkey';
            columns: ['source_task_id'];
            isOneToOne: false;
            referencedRelation: 'tasks';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'task_relations_target_task_id_fkey';
            columns: ['target_task_id'];
            isOneToOne: false;
            referencedRelation: 'tasks';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'task_relations_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      tasks: {
        Row: {
          archived_at: string | null;
          assignee_agent_id: string | null;
          assignee_type: string | null;
          created_at: string;
          description: string | null;
          due_date: string | null;
          id: string;
          model_override: string | null;
          parent_id: string | null;
          priority: Database['public']['Enums']['task_priority'];
          status: Database['public']['Enums']['task_status'];
          stream_id: string | null;
          tenant_id: string;
          thinking_override: string | null;
          title: string;
          updated_at: string;
        };
        Insert: {
          archived_at?: string | null;
          assignee_agent_id?: string | null;
          assignee_type?: string | null;
          created_at?: string;
          description?: string | null;
          due_date?: string | null;
          id?: string;
          model_override?: string | null;
          parent_id?: string | null;
          priority?: Database['public']['Enums']['task_priority'];
          status?: Database['public']['Enums']['task_status'];
          stream_id?: string | null;
          tenant_id?: string;
          thinking_override?: string | null;
          title: string;
          updated_at?: string;
        };
        Update: {
          archived_at?: string | null;
          assignee_agent_id?: string | null;
          assignee_type?: string | null;
          created_at?: string;
          description?: string | null;
          due_date?: string | null;
          id?: string;
          model_override?: string | null;
          parent_id?: string | null;
          priority?: Database['public']['Enums']['task_priority'];
          status?: Database['public']['Enums']['task_status'];
          stream_id?: string | null;
          tenant_id?: string;
          thinking_override?: string | null;
          title?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'tasks_assignee_agent_id_fkey';
            columns: ['assignee_agent_id'];
            isOneToOne: false;
            referencedRelation: 'agents';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'tasks_parent_id_fkey';
            columns: ['parent_id'];
            isOneToOne: false;
            referencedRelation: 'tasks';
            referencedColumns: ['id'];
          },
          {
            foreignKeyName: 'tasks_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      tenant_members: {
        Row: {
          created_at: string;
          role: Database['public']['Enums']['member_role'];
          tenant_id: string;
          updated_at: string;
          user_id: string;
        };
        Insert: {
          created_at?: string;
          role?: Database['public']['Enums']['member_role'];
          tenant_id?: string;
          updated_at?: string;
          user_id: string;
        };
        Update: {
          created_at?: string;
          role?: Database['public']['Enums']['member_role'];
          tenant_id?: string;
          updated_at?: string;
          user_id?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'tenant_members_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: false;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
      tenants: {
        Row: {
          created_at: string;
          id: string;
          meta: Json;
          name: string;
          slug: string;
          status: string;
          updated_at: string;
        };
        Insert: {
          created_at?: string;
          id?: string;
          meta?: Json;
          name: string;
          slug: string;
          status?: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          id?: string;
          meta?: Json;
          name?: string;
          slug?: string;
          status?: string;
          updated_at?: string;
        };
        Relationships: [];
      };
      workspace: {
        Row: {
          created_at: string;
          default_agent_budget_usd: number | null;
          default_hard_cutoff: boolean;
          default_soft_threshold_pct: number;
          description: string | null;
          id: string;
          initialized: boolean;
          name: string;
          owner_name: string | null;
          owner_preferred_name: string | null;
          owner_timezone: string | null;
          settings: Json;
          slug: string | null;
          stopped_at: string | null;
          stopped_by: string | null;
          tenant_id: string;
          updated_at: string;
        };
        Insert: {
          created_at?: string;
          default_agent_budget_usd?: number | null;
          default_hard_cutoff?: boolean;
          default_soft_threshold_pct?: number;
          description?: string | null;
          id?: string;
          initialized?: boolean;
          name?: string;
          owner_name?: string | null;
          owner_preferred_name?: string | null;
          owner_timezone?: string | null;
          settings?: Json;
          slug?: string | null;
          stopped_at?: string | null;
          stopped_by?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Update: {
          created_at?: string;
          default_agent_budget_usd?: number | null;
          default_hard_cutoff?: boolean;
          default_soft_threshold_pct?: number;
          description?: string | null;
          id?: string;
          initialized?: boolean;
          name?: string;
          owner_name?: string | null;
          owner_preferred_name?: string | null;
          owner_timezone?: string | null;
          settings?: Json;
          slug?: string | null;
          stopped_at?: string | null;
          stopped_by?: string | null;
          tenant_id?: string;
          updated_at?: string;
        };
        Relationships: [
          {
            foreignKeyName: 'workspace_tenant_id_fkey';
            columns: ['tenant_id'];
            isOneToOne: true;
            referencedRelation: 'tenants';
            referencedColumns: ['id'];
          },
        ];
      };
    };
    Views: Record<never, never>;
    Functions: {
      agent_call: {
        Args: { p_token: string; p_operation: string; p_arguments?: Json | null };
        Returns: Json;
      };
      agent_failed: {
        Args: { p_agent_id: string; p_reason: string };
        Returns: Database['public']['Enums']['agent_status'];
      };
      agent_health: {
        Args: { p_agents?: string[] | null };
        Returns: Json;
      };
      agent_provisioned: {
        Args: { p_agent_id: string; p_openclaw_id: string; p_branch: string };
        Returns: Database['public']['Enums']['agent_status'];
      };
      agent_removed: {
        Args: { p_agent_id: string };
        Returns: boolean;
      };
      cancel_command: {
        Args: { p_command_id: string; p_origin?: string | null };
        Returns: Json;
      };
      chat_act: {
        Args: { p_chat: Json; p_action: string; p_payload?: Json | null; p_gateway?: string | null; p_agent?: string | null };
        Returns: Json;
      };
      chat_bind: {
        Args: { p_chat: Json; p_ceiling?: string | null; p_gateway?: string | null; p_agent?: string | null };
        Returns: Json;
      };
      chat_cancel: {
        Args: { p_chat: Json; p_command_id: string };
        Returns: Json;
      };
      chat_check: {
        Args: Record<PropertyKey, never>;
        Returns: Json;
      };
      chat_confirm: {
        Args: { p_chat: Json; p_token: string; p_typed?: string | null };
        Returns: Json;
      };
      chat_decline: {
        Args: { p_chat: Json; p_token: string };
        Returns: Json;
      };
      chat_heartbeat: {
        Args: { p_holder: string; p_adapters: Json };
        Returns: Json;
      };
      chat_link: {
        Args: { p_chat: Json; p_code: string };
        Returns: Json;
      };
      chat_list_subscriptions: {
        Args: { p_platform: string };
        Returns: Json;
      };
      chat_may: {
        Args: { p_chat: Json; p_for?: string | null };
        Returns: Json;
      };
      chat_open_cards: {
        Args: { p_platform: string };
        Returns: Json;
      };
      chat_open_questions: {
        Args: { p_platform: string };
        Returns: Json;
      };
      chat_press: {
        Args: { p_chat: Json; p_token: string };
        Returns: Json;
      };
      chat_read: {
        Args: { p_chat: Json; p_what: string; p_args?: Json | null };
        Returns: Json;
      };
      chat_record_alerts: {
        Args: { p_rows: Json };
        Returns: Json;
      };
      chat_refuse: {
        Args: { p_chat: Json };
        Returns: Json;
      };
      chat_save_buttons: {
        Args: { p_rows: Json };
        Returns: Json;
      };
      chat_save_card: {
        Args: { p_card: Json };
        Returns: Json;
      };
      chat_save_question: {
        Args: { p_question: Json };
        Returns: Json;
      };
      chat_subscribe: {
        Args: { p_chat: Json; p_filter?: Json | null };
        Returns: Json;
      };
      chat_unbind: {
        Args: { p_chat: Json };
        Returns: Json;
      };
      chat_unlink: {
        Args: { p_chat: Json };
        Returns: Json;
      };
      chat_unsubscribe: {
        Args: { p_chat: Json };
        Returns: Json;
      };
      chat_whoami: {
        Args: { p_chat: Json };
        Returns: Json;
      };
      complete_command: {
        Args: { p_command_id: string; p_exit_code: number; p_stdout: string; p_stderr: string };
        Returns: Database['public']['Tables']['agent_commands']['Row'][];
      };
      complete_inbox_item: {
        Args: { p_item_id: string };
        Returns: Database['public']['Tables']['agent_inbox_items']['Row'][];
      };
      consume_gateway_token: {
        Args: { p_token: string; p_label?: string | null; p_slug_hint?: string | null };
        Returns: { gateway_id: string; gateway_slug: string }[];
      };
      current_tenant_id: {
        Args: Record<PropertyKey, never>;
        Returns: string;
      };
      delete_secret: {
        Args: { p_secret_id: string; p_origin?: string | null };
        Returns: Json;
      };
      dispatch_exchange: {
        Args: { p_gateway_id: string; p_request: Json };
        Returns: Json;
      };
      enqueue_command: {
        Args: { p_action: string; p_payload?: Json | null; p_gateway?: string | null; p_agent?: string | null; p_idempotency_key?: string | null; p_origin?: string | null };
        Returns: Json;
      };
      fail_command: {
        Args: { p_command_id: string; p_exit_code: number; p_stdout: string; p_stderr: string; p_error: string };
        Returns: Database['public']['Tables']['agent_commands']['Row'][];
      };
      fail_inbox_item: {
        Args: { p_item_id: string; p_reason: string };
        Returns: Database['public']['Tables']['agent_inbox_items']['Row'][];
      };
      gateway_agents: {
        Args: { p_gateway_id: string };
        Returns: Json;
      };
      issue_agent_credential: {
        Args: { p_agent_id: string };
        Returns: string;
      };
      issue_chat_code: {
        Args: Record<PropertyKey, never>;
        Returns: Json;
      };
      issue_gateway_token: {
        Args: { p_label?: string | null; p_minutes?: number | null };
        Returns: Json;
      };
      lease_command: {
        Args: { p_lease_seconds?: number | null; p_gateway_slug?: string | null };
        Returns: Database['public']['Tables']['agent_commands']['Row'][];
      };
      lease_inbox_item: {
        Args: { p_agent_id: string; p_lease_seconds?: number | null };
        Returns: Database['public']['Tables']['agent_inbox_items']['Row'][];
      };
      member_role_of_caller: {
        Args: Record<PropertyKey, never>;
        Returns: Database['public']['Enums']['member_role'];
      };
      month_usage: {
        Args: Record<PropertyKey, never>;
        Returns: Json;
      };
      needs_you: {
        Args: Record<PropertyKey, never>;
        Returns: Json;
      };
      note_secret: {
        Args: { p_secret_id: string; p_note?: string | null; p_origin?: string | null };
        Returns: Json;
      };
      pairing_approved: {
        Args: { p_gateway_id: string; p_channel: string; p_code: string };
        Returns: Json;
      };
      replace_envelopes: {
        Args: { p_rows: Json; p_actor?: string | null; p_last?: boolean | null };
        Returns: Json;
      };
      report_agent_health: {
        Args: { p_gateway_id: string; p_agents: Json };
        Returns: undefined;
      };
      revoke_chat_identity: {
        Args: { p_id: string };
        Returns: Json;
      };
      runner_exchange: {
        Args: { p_gateway_id: string; p_runner_id: string; p_claim?: number | null; p_lease_seconds?: number | null; p_renew?: string[] | null; p_output?: Json | null; p_progress?: Json | null; p_results?: Json | null; p_heartbeat?: Json | null };
        Returns: Json;
      };
      secret_envelopes: {
        Args: { p_after?: string | null; p_limit?: number | null };
        Returns: Json;
      };
      secrets_snapshot: {
        Args: { p_gateway_id: string };
        Returns: Json;
      };
      secrets_synced: {
        Args: { p_gateway_id: string; p_results: Json };
        Returns: number;
      };
      set_gateway_paused: {
        Args: { p_gateway_id: string; p_paused: boolean };
        Returns: Database['public']['Enums']['gateway_status'];
      };
      set_secret: {
        Args: { p_key: string; p_value: string; p_gateway?: string | null; p_agent?: string | null; p_category?: string | null; p_name?: string | null; p_note?: string | null; p_origin?: string | null };
        Returns: Json;
      };
      start_command: {
        Args: { p_command_id: string };
        Returns: Database['public']['Tables']['agent_commands']['Row'][];
      };
      tenant_people: {
        Args: Record<PropertyKey, never>;
        Returns: Json;
      };
      whoami: {
        Args: Record<PropertyKey, never>;
        Returns: Json;
      };
      work_waits: {
        Args: { p_items?: string[] | null; p_tasks?: string[] | null };
        Returns: Json;
      };
    };
    Enums: {
      agent_status: 'ready' | 'paused' | 'error' | 'provisioning' | 'hibernating';
      budget_status: 'ok' | 'warned' | 'exceeded' | 'unmetered';
      command_action: 'provision' | 'update' | 'remove' | 'update_all' | 'restart_gateway' | 'restart_dispatcher' | 'update_gateway' | 'backup_gateway' | 'approve_pairing' | 'set_agent_model' | 'list_models' | 'auth_set_api_key' | 'auth_start' | 'auth_paste' | 'auth_list' | 'auth_refresh' | 'auth_remove' | 'auth_set_default' | 'acknowledge_alert' | 'allow_host' | 'answer_question' | 'approve_deliverable' | 'assign_task' | 'cancel_item' | 'comment_on_task' | 'create_routine' | 'create_task' | 'list_routines' | 'mute_alert' | 'pause_agent' | 'pause_gateway' | 'pause_routine' | 'ping' | 'read_session' | 'reject_deliverable' | 'remove_routine' | 'request_revision' | 'restart_session' | 'resume_agent' | 'resume_all' | 'resume_gateway' | 'resume_routine' | 'retry_item' | 'run_routine' | 'set_allowed_hosts' | 'set_budget' | 'set_task_status' | 'stack_status' | 'stop_all' | 'tail_logs' | 'top_up_budget' | 'wake_agent';
      command_status: 'pending' | 'leased' | 'running' | 'done' | 'failed' | 'cancelled';
      gateway_status: 'provisioning' | 'ready' | 'error' | 'hibernating' | 'paused';
      inbox_event_type: 'task_assignment' | 'task_reassignment' | 'task_comment_mention' | 'routine_schedule' | 'routine_event' | 'heartbeat' | 'deliverable_review' | 'blocker_resolved' | 'task_overdue' | 'question_answer';
      inbox_item_status: 'pending' | 'leased' | 'done' | 'dead_letter' | 'failed';
      member_role: 'viewer' | 'operator' | 'admin';
      review_status: 'draft' | 'in_review' | 'approved' | 'revision_requested' | 'rejected';
      task_priority: 'low' | 'medium' | 'high' | 'urgent';
      task_status: 'todo' | 'in_progress' | 'blocked' | 'done' | 'cancelled' | 'missed';
    };
    CompositeTypes: Record<never, never>;
  };
};
