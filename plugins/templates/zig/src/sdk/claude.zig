//! Asking Claude: for a text, for JSON, and once more where the answer is malformed.

const std = @import("std");
const Host = @import("host.zig").Host;

/// A question, as the protocol has it.
pub const Request = struct {
    system: ?[]const u8 = null,
    messages: []const Message,
    tools: ?[]const Declared = null,
    effort: ?[]const u8 = null,
    max_output_tokens: ?u32 = null,
    options: ?std.json.Value = null,
};

/// A turn. Its content is a text or a list of blocks.
pub const Message = struct {
    role: enum { user, assistant },
    content: std.json.Value,

    pub fn says(role: @FieldType(Message, "role"), text: []const u8) Message {
        return .{ .role = role, .content = .{ .string = text } };
    }
};

/// What Claude is told of a tool.
pub const Declared = struct { name: []const u8, description: []const u8, input_schema: std.json.Value };

/// Claude's answer. Its blocks are kept as they came, so that they can be handed back.
pub const Reply = struct {
    content: std.json.Value,
    text: []const u8,
    stop_reason: []const u8,
    model: []const u8 = "",
    /// What it cost, in nano-dollars (10^-9 US dollars).
    cost_nanodollars: u64 = 0,

    /// An answer that was cut or refused is none. The API gains reasons: each but those that are known for an end is a cut.
    pub fn whole(reply: Reply, host: *Host) !Reply {
        if (std.mem.eql(u8, reply.stop_reason, "refusal"))
            return host.fail(.final, "Claude refused to answer", .{});
        if (std.mem.eql(u8, reply.stop_reason, "end_turn") or std.mem.eql(u8, reply.stop_reason, "stop_sequence"))
            return reply;
        return host.fail(.@"bad-reply", "the answer was cut ({s}); more tokens a call may help", .{reply.stop_reason});
    }
};

/// Asks and waits for the answer.
pub fn ask(host: *Host, request: Request) !Reply {
    return host.call(Reply, "claude.complete", request);
}

/// Asks for a text.
pub fn complete(host: *Host, request: Request) ![]const u8 {
    return (try (try ask(host, request)).whole(host)).text;
}

/// Asks for JSON of a schema, and reads it as `T`.
///
/// A schema cannot say all that has to hold: `check` looks at the answer and gives `host.refuse(…)` where it will not do. Then,
/// and where the answer is no such JSON, Claude is told and asked once more; a second such answer is a `bad-reply`.
pub fn completeJson(
    host: *Host,
    comptime T: type,
    request: Request,
    schema: std.json.Value,
    comptime check: ?fn (*Host, T) anyerror!void,
) !T {
    const format = .{ .output_config = .{ .format = .{ .type = "json_schema", .schema = schema } } };
    var asked = request;
    asked.options = try host.value(try host.json(format));
    const first = try (try ask(host, asked)).whole(host);
    return readAnswer(host, T, first.text, check) catch |e| {
        if (e != error.Wrong) return e;
        std.log.warn("repair: {s}", .{host.wrong});
        asked.messages = try std.mem.concat(host.arena, Message, &.{ request.messages, &.{
            .{ .role = .assistant, .content = first.content },
            .says(.user, try std.fmt.allocPrint(host.arena, repair, .{host.wrong})),
        } });
        const second = try (try ask(host, asked)).whole(host);
        return readAnswer(host, T, second.text, check) catch |again| switch (again) {
            error.Wrong => host.fail(.@"bad-reply", "the answer was malformed twice: {s}", .{host.wrong}),
            else => again,
        };
    };
}

const repair = "Your answer cannot be used: {s}.\n\nGive the whole answer once more, with that mended: JSON of the schema that " ++
    "was asked for, and nothing else.";

fn readAnswer(host: *Host, comptime T: type, answer: []const u8, comptime check: ?fn (*Host, T) anyerror!void) anyerror!T {
    const result = std.json.parseFromValueLeaky(T, host.arena, try host.value(answer), .{}) catch |e| switch (e) {
        error.OutOfMemory => return e,
        else => return host.refuse("it is not of the schema ({t})", .{e}),
    };
    if (check) |look| try look(host, result);
    return result;
}
