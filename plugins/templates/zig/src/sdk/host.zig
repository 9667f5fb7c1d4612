const std = @import("std");

/// A job's host, and the job's failure. Tests put one of their own here (`played.zig`).
pub const Host = struct {
    /// Memory is given back with the job: nothing needs to be freed.
    arena: std.mem.Allocator,
    context: *anyopaque,
    /// Writes a line, which is a call, and gives the line that answers.
    exchange: *const fn (context: *anyopaque, line: []const u8) anyerror![]const u8,
    /// Why there is no result, where an error is `error.Failed`.
    failure: Failure = .{ .kind = .internal, .message = "it failed without saying why" },
    /// What is wrong, where an error is `error.Wrong`.
    wrong: []const u8 = "",

    /// `invalid-input`, `over-budget` and `final` are not tried again; `bad-reply` and `internal` are.
    pub const Kind = enum { @"invalid-input", @"over-budget", final, @"bad-reply", internal };

    pub const Failure = struct {
        kind: Kind,
        message: []const u8,
        /// The kind of a call's error, by the protocol; empty where the failure is the agent's own.
        call: []const u8 = "",
    };

    /// Ends the job: `return host.fail(…)`.
    pub fn fail(host: *Host, kind: Kind, comptime format: []const u8, arguments: anytype) error{ Failed, OutOfMemory } {
        const message = std.fmt.allocPrint(host.arena, format, arguments) catch return error.OutOfMemory;
        host.failure = .{ .kind = kind, .message = message };
        return error.Failed;
    }

    /// Refuses what was given, as a sentence: `return host.refuse(…)`. Claude is told of a tool's input and of an answer, and
    /// may try again; of anything else it is the failure `invalid-input`.
    pub fn refuse(host: *Host, comptime format: []const u8, arguments: anytype) error{ Wrong, OutOfMemory } {
        host.wrong = std.fmt.allocPrint(host.arena, format, arguments) catch return error.OutOfMemory;
        return error.Wrong;
    }

    /// Calls a function of the protocol by its name. Its error is the job's failure, unless it is caught.
    pub fn call(host: *Host, comptime Answer: type, function: []const u8, arguments: anytype) !Answer {
        const line = try std.fmt.allocPrint(host.arena, "{{\"{s}\":{s}}}", .{ function, try host.json(arguments) });
        const Said = struct { ok: std.json.Value = .null, @"error": ?std.json.Value = null };
        const said = try host.read(Said, try host.value(try host.exchange(host.context, line)));
        const refused = said.@"error" orelse return host.read(Answer, said.ok);
        const Error = struct { kind: []const u8 = "", message: []const u8 };
        // Of a file the error is a sentence.
        const why: Error = if (refused == .string) .{ .message = refused.string } else try host.read(Error, refused);
        host.failure = .{ .kind = kindOf(why.kind), .message = why.message, .call = why.kind };
        return error.Failed;
    }

    /// Tells how far the job is: a fraction from 0 to 1 and a line.
    pub fn progress(host: *Host, fraction: f64, line: []const u8) !void {
        _ = try host.call(std.json.Value, "job.progress", .{ .fraction = fraction, .line = line });
    }

    /// Hands over a file of text.
    pub fn artifact(host: *Host, name: []const u8, media_type: []const u8, text: []const u8) !void {
        _ = try host.call(std.json.Value, "job.artifact", .{ .name = name, .media_type = media_type, .text = text });
    }

    /// What the host's owner set for this agent.
    pub fn setting(host: *Host, key: []const u8) !?[]const u8 {
        return host.call(?[]const u8, "settings.get", .{ .key = key });
    }

    /// The JSON of a value, on one line. Fields that are null are left out; bytes that are no UTF-8, as of a text that is cut
    /// within a character, are a list of numbers.
    pub fn json(host: *Host, any: anytype) ![]const u8 {
        return std.json.Stringify.valueAlloc(host.arena, any, .{ .emit_null_optional_fields = false });
    }

    /// Reads a JSON text.
    pub fn value(host: *Host, text: []const u8) !std.json.Value {
        return parse(host.arena, text) catch |e| switch (e) {
            error.OutOfMemory => error.OutOfMemory,
            else => host.refuse("it is no JSON ({t})", .{e}),
        };
    }

    /// Reads a value as a type. What the type does not have is passed over.
    pub fn read(host: *Host, comptime T: type, any: std.json.Value) !T {
        if (T == std.json.Value) return any;
        return std.json.parseFromValueLeaky(T, host.arena, any, .{ .ignore_unknown_fields = true }) catch |e| switch (e) {
            error.OutOfMemory => error.OutOfMemory,
            else => host.refuse("it cannot be read as it should be ({t})", .{e}),
        };
    }
};

/// How deep JSON is read. The standard library writes none that is deeper than 256, and what is read may be a part of that.
const depth = 200;

fn parse(arena: std.mem.Allocator, text: []const u8) !std.json.Value {
    var scanner: std.json.Scanner = .initCompleteInput(arena, text);
    while (try scanner.next() != .end_of_document) {
        if (scanner.stackHeight() > depth) return error.NestedTooDeep;
    }
    return std.json.parseFromSliceLeaky(std.json.Value, arena, text, .{});
}

/// The job's failure for a call's error.
fn kindOf(call: []const u8) Host.Kind {
    const kinds: std.StaticStringMap(Host.Kind) = .initComptime(.{
        .{ "over-budget", .@"over-budget" },
        .{ "calls-exhausted", .@"over-budget" },
        .{ "too-large", .@"invalid-input" },
        .{ "invalid-request", .final },
        .{ "unbounded-content", .final },
    });
    return kinds.get(call) orelse .internal;
}
