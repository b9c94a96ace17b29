"""From recordings to the page: snakemake --cores all --configfile my_study/study.yaml."""

from snakemake.utils import min_version

min_version("9.1")


include: "workflow/rules/study.smk"
include: "workflow/rules/stages.smk"


rule all:
    default_target: True
    input:
        EVERY_RECORD,
