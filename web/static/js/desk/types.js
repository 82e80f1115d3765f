// @ts-check
/** What the text tells beside its labels: value and certainty. @typedef {Record<string, [string, number]> | undefined} Heads */

/**
 * The views of docs/reference/sockets.md as the desk uses them.
 *
 * @typedef {{id: string, name?: string, email?: string, phone?: string, language?: string, segment?: string,
 *   standing?: import("../ui/standing.js").Standing | null,
 *   reachability?: {undeliverable: string[], no_automatic_mail: boolean, away: boolean, away_until: string | null} | null}} Customer
 *
 * @typedef {{id: string, number: number | string, state: string, queue: string, channel: string, medium: string,
 *   customer: Customer | null, agent: string | null, priority: number, labels: [string, number][],
 *   labelled_by: string | null, labels_before: [string, number][], heads: Heads, language: string | null,
 *   subject: string, preview: string, tags: string[], created_at: string, arrived_at: string, due_at: string | null,
 *   accepted_at: string | null, wrap_up_until: string | null, wrap_up_mode: string | null, dispositions: any[],
 *   disposition: string | null, messages: number, unanswered_since: string | null, attempts: number,
 *   sendings: PlannedSending[], time_zone: string | null, asked_who: Asked | null,
 *   reference: string, position: number | null, expected_wait: {low_s: number, high_s: number} | null}} Interaction
 *
 * @typedef {{question: string, tries: number, result: string}} Asked
 *
 * @typedef {{id: string, name: string | null, due_at: string, step: number, calls: boolean, queue: string | null}} PlannedSending
 *
 * @typedef {{id: string, number: number | null, author: "customer" | "agent" | "bot" | "note" | "report", agent: string | null,
 *   name: string | null, text: string, html: string | null, subject: string | null, at: string, delivery: string,
 *   undo_until: string | null, recipients: Recipient[], attachments: Attachment[],
 *   trust: {verdict: string, why: string, domain: string, spf: string, dkim: string, dmarc: string, third_party: boolean,
 *     participant: boolean} | null,
 *   also_in: string[], delivery_status: string, report: string | null,
 *   address: string, marks: string[], senders: Mailbox[], forwarded_from: Mailbox | null, also_to: Mailbox[],
 *   invitations: Invitation[]}} Message
 *
 * @typedef {{id: string, filename: string, content_type: string, size: number, inline: boolean, content_id: string | null}} Attachment
 *
 * @typedef {{address: string, copy: boolean, delivery: string, until: string | null, why: string, reason: string,
 *   said: string}} Recipient
 *
 * @typedef {{name: string, address: string}} Mailbox
 *
 * @typedef {{method: string, uid: string, summary: string, start: string, end: string, time_zone: string, location: string,
 *   organizer: Mailbox | null, description: string, repeats: boolean}} Invitation
 *
 * @typedef {{id: string, interaction: Interaction, agent: string, state: string, offered_at: string, expires_at: string | null,
 *   reason: string | null, why: string[]}} Offer
 *
 * @typedef {{id: string, name: string, presence: string, reason: string | null, since: string, connected: boolean,
 *   after_current: string | null, media: Record<string, boolean>, capacity: number, used: number, interactions: any[],
 *   queues: Record<string, any>, skills: Record<string, number>, cooling_until: string | null}} Agent
 */
export {};
