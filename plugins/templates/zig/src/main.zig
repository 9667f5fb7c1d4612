//! my-agent summarizes a text. What it does is in agent.zig; sdk is what stands between it and the host.

const std = @import("std");
const agent = @import("agent.zig");
const sdk = @import("sdk.zig");

/// `std.log` writes to the job's log.
pub const std_options: std.Options = .{ .log_level = .debug, .logFn = sdk.log };
/// A panic is the job's failure.
pub const panic = std.debug.FullPanic(sdk.panic);

pub fn main(init: std.process.Init) !void {
    try sdk.serve(init, agent.description, agent.run);
}
