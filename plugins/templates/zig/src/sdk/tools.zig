//! The tool loop.

const std = @import("std");
const claude = @import("claude.zig");
const Host = @import("host.zig").Host;

/// What Claude is told of a tool, and the function that does it. What it refuses (`host.refuse`) is told to Claude, which may try
/// again; any other error ends the job.
pub const Tool = struct {
    declared: claude.Declared,
    context: ?*anyopaque = null,
    run: *const fn (context: ?*anyopaque, host: *Host, input: std.json.Value) anyerror![]const u8,
};

/// Asks Claude with tools, runs those that it uses, and asks again, until it answers without one.
/// After `max_turns` questions without such an answer the job fails; so it does when its budget is spent.
pub fn toolLoop(host: *Host, first: claude.Request, tools: []const Tool, max_turns: usize) !claude.Reply {
    var request = first;
    const declared = try host.arena.alloc(claude.Declared, tools.len);
    for (tools, declared) |tool, *of| of.* = tool.declared;
    request.tools = declared;

    var messages: std.ArrayList(claude.Message) = .empty;
    try messages.appendSlice(host.arena, first.messages);
    for (0..max_turns) |_| {
        request.messages = messages.items;
        const reply = try claude.ask(host, request);
        var results: std.ArrayList(Result) = .empty;
        for (try host.read([]const std.json.Value, reply.content)) |block| {
            if (try used(host, block, tools)) |result| try results.append(host.arena, result);
        }
        if (results.items.len == 0) return reply.whole(host);
        try messages.append(host.arena, .{ .role = .assistant, .content = reply.content });
        try messages.append(host.arena, .{ .role = .user, .content = try host.value(try host.json(results.items)) });
    }
    return host.fail(.final, "there was no answer after {d} turns", .{max_turns});
}

const Result = struct { type: []const u8 = "tool_result", tool_use_id: []const u8, content: []const u8, is_error: bool = false };

/// The result of a block that uses a tool; none of another.
fn used(host: *Host, block: std.json.Value, tools: []const Tool) !?Result {
    const Use = struct { type: []const u8, id: []const u8 = "", name: []const u8 = "", input: std.json.Value = .null };
    const use = try host.read(Use, block);
    if (!std.mem.eql(u8, use.type, "tool_use")) return null;
    const content = for (tools) |tool| {
        if (std.mem.eql(u8, tool.declared.name, use.name)) break tool.run(tool.context, host, use.input);
    } else host.refuse("there is no tool {s}", .{use.name});
    return .{
        .tool_use_id = use.id,
        .content = content catch |e| switch (e) {
            error.Wrong => return .{ .tool_use_id = use.id, .content = host.wrong, .is_error = true },
            else => return e,
        },
    };
}
