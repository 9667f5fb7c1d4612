//! A host for an agent's own tests: its Claude gives the replies that it was given, and what it was asked is kept.

const std = @import("std");
const Host = @import("host.zig").Host;

pub const Played = struct {
    state: std.heap.ArenaAllocator,
    /// What Claude answers, in order: lines of `says`, `uses` or `refuses`.
    replies: []const []const u8,
    /// The lines that Claude was asked, and those of other calls.
    asked: std.ArrayList([]const u8) = .empty,
    others: std.ArrayList([]const u8) = .empty,

    pub fn init(replies: []const []const u8) Played {
        return .{ .state = .init(std.testing.allocator), .replies = replies };
    }

    pub fn deinit(played: *Played) void {
        played.state.deinit();
    }

    pub fn host(played: *Played) Host {
        return .{ .arena = played.state.allocator(), .context = played, .exchange = exchange };
    }

    fn exchange(context: *anyopaque, line: []const u8) anyerror![]const u8 {
        const played: *Played = @ptrCast(@alignCast(context));
        const arena = played.state.allocator();
        if (!std.mem.startsWith(u8, line, "{\"claude.complete\"")) {
            try played.others.append(arena, line);
            return "{\"ok\":null}";
        }
        if (played.asked.items.len == played.replies.len) return error.ClaudeWasAskedOnceTooOften;
        try played.asked.append(arena, line);
        return played.replies[played.asked.items.len - 1];
    }
};

/// A reply of one text, which holds no character that JSON escapes but `"`, by `\"`.
pub fn says(comptime text: []const u8, comptime stop_reason: []const u8) []const u8 {
    return "{\"ok\":{\"content\":[{\"type\":\"text\",\"text\":\"" ++ text ++ "\"}],\"text\":\"" ++ text ++
        "\",\"stop_reason\":\"" ++ stop_reason ++ "\"}}";
}

/// A reply that uses a tool.
pub fn uses(comptime tool: []const u8, comptime input: []const u8) []const u8 {
    return "{\"ok\":{\"content\":[{\"type\":\"tool_use\",\"id\":\"t1\",\"name\":\"" ++ tool ++ "\",\"input\":" ++ input ++
        "}],\"text\":\"\",\"stop_reason\":\"tool_use\"}}";
}

/// A call that has no answer.
pub fn refuses(comptime kind: []const u8, comptime message: []const u8) []const u8 {
    return "{\"error\":{\"kind\":\"" ++ kind ++ "\",\"message\":\"" ++ message ++ "\"}}";
}
