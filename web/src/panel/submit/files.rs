//! The files of a job that is submitted by the form.

use crate::ask::{Form, find_job};
use crate::panel::kit::numbers::bytes;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_types::{InputLimits, Job, JobId};

/// The field for files, as it stands on the page.
#[derive(Clone, Debug, Default)]
pub(crate) struct FilesField {
    /// What may be sent; none where a job comes with no files.
    pub(crate) hint: Option<String>,
    /// Files of another job that come along.
    pub(crate) along: Option<Along>,
    /// Whether files were chosen that have to be chosen again: a browser fills in no file by itself.
    pub(crate) again: bool,
    pub(crate) error: Option<String>,
}

/// The files of another job.
#[derive(Clone, Debug)]
pub(crate) struct Along {
    pub(crate) job: String,
    pub(crate) names: String,
    pub(crate) ticked: bool,
}

impl FilesField {
    pub(crate) fn new(limits: InputLimits) -> Self {
        let InputLimits { files, file_bytes, bytes: all } = limits;
        let most = if files == 1 { "One file".to_owned() } else { format!("At most {files} files") };
        let hint = (files > 0).then(|| {
            format!(
                "{most}, {} each, {} in all: drop them here or choose them. The agent reads them by name.",
                bytes(file_bytes),
                bytes(all)
            )
        });
        Self { hint, ..Self::default() }
    }

    /// Offers the files of a job that is submitted again.
    pub(crate) fn offer(&mut self, job: &Job) {
        if job.inputs.is_empty() {
            return;
        }
        let names: Vec<&str> = job.inputs.iter().map(|info| info.name.as_str()).collect();
        self.along = Some(Along { job: job.id.to_string(), names: names.join(", "), ticked: true });
    }

    /// Takes what was sent: the job whose files come along.
    pub(crate) async fn read(&mut self, state: &WebState, form: &Form) -> Result<Option<JobId>, Problem> {
        let Some(id) = form.text("like").parse::<JobId>().ok() else { return Ok(None) };
        let job = find_job(state, id).await?;
        self.offer(&job);
        let ticked = form.find("files_of").is_some();
        if let Some(along) = &mut self.along {
            along.ticked = ticked;
        }
        Ok(ticked.then_some(id))
    }
}
