// Made by `npm run generate` from the service's openapi.json and asyncapi.json.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AcceptedAnswer
         * @description `estimated_time` in seconds, null while there is no estimate; `callback` only if one was asked for.
         */
        AcceptedAnswer: {
            callback?: components["schemas"]["CallbackAnswer"] | null;
            /** Estimated Time */
            estimated_time: number | null;
            /** Message */
            message: string;
            /** Result Url */
            result_url: string;
            /** Status */
            status: string;
            /** Status Url */
            status_url: string;
            /** Task Id */
            task_id: string;
            /** Websocket Url */
            websocket_url: string | null;
        };
        /**
         * BatchAnswer
         * @description `status` is `completed` once all items have ended, however they did; the counts add up to `total`.
         */
        BatchAnswer: {
            /** Batch Id */
            batch_id: string;
            /** Cancelled */
            cancelled: number;
            /** Completed */
            completed: number;
            /** Created At */
            created_at: string;
            /** Error */
            error: number;
            /** Expired */
            expired: number;
            /** Overall Progress */
            overall_progress: number;
            /** Pending */
            pending: number;
            /** Processing */
            processing: number;
            /** Results Url */
            results_url: string;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "processing" | "completed";
            /** Status Url */
            status_url: string;
            /** Tasks */
            tasks: components["schemas"]["BatchItemAnswer"][];
            /** Total */
            total: number;
        };
        /**
         * BatchItemAnswer
         * @description `task_id` is null for a picture that never became a task; `error`, `error_message` and `field` then say why.
         *     `expired`: it has ended, and how is no longer known.
         */
        BatchItemAnswer: {
            /** Error */
            error: string | null;
            /** Error Message */
            error_message: string | null;
            /** Field */
            field: string | null;
            /** Index */
            index: number;
            /** Name */
            name: string;
            /** Overall Progress */
            overall_progress: number;
            /** Result Url */
            result_url: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "preparing" | "processing" | "completed" | "error" | "cancelled" | "expired";
            /** Task Id */
            task_id: string | null;
        };
        /**
         * CallbackAnswer
         * @description `reason` says why it was refused or failed.
         */
        CallbackAnswer: {
            /** Attempts */
            attempts: number;
            /** Reason */
            reason: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "refused" | "pending" | "delivered" | "failed";
        };
        /** CancelledAnswer */
        CancelledAnswer: {
            /** Message */
            message: string;
            /** Status */
            status: string;
            /** Task Id */
            task_id: string;
        };
        /**
         * CornersForm
         * @description Two opposite corners.
         */
        CornersForm: {
            /** X1 */
            x1: number;
            /** X2 */
            x2: number;
            /** Y1 */
            y1: number;
            /** Y2 */
            y2: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * DetectBody
         * @description An image to find text in.
         */
        DetectBody: {
            /**
             * Image
             * @description The image file (JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF), with or without a `data:` prefix.
             */
            image: string;
            /**
             * Min Confidence
             * @description Texts the detector is less sure of are left. Default: 0.6.
             */
            min_confidence?: number;
            /**
             * Page
             * @description Which page or frame, from 0; `X-Pages` says how many there are. Default: 0.
             */
            page?: number;
            /**
             * Within
             * @description Text is looked for only here; as `regions`. By default everywhere.
             */
            within?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[] | null;
        };
        /** DetectionAnswer */
        DetectionAnswer: {
            image_dimensions: components["schemas"]["Dimensions"];
            /** Regions */
            regions: components["schemas"]["FoundText"][];
        };
        /** Dimensions */
        Dimensions: {
            /** Height */
            height: number;
            /** Width */
            width: number;
        };
        /**
         * ErrorAnswer
         * @description Every error looks like this. `detail` repeats `message`.
         */
        ErrorAnswer: {
            /** Detail */
            detail: string;
            /** Details */
            details: {
                [key: string]: unknown;
            };
            /** Error */
            error: string;
            /** Message */
            message: string;
            /** Request Id */
            request_id: string;
            /** Timestamp */
            timestamp: string;
        };
        /**
         * FoundText
         * @description A polygon and the upright rectangle around it; send it back as a region as it is.
         */
        FoundText: {
            /** Confidence */
            confidence: number;
            /** Height */
            height: number;
            /** Points */
            points: number[][];
            /** Width */
            width: number;
            /** X */
            x: number;
            /** Y */
            y: number;
        };
        /**
         * HealthAnswer
         * @description `healthy`: requests are answered, if need be by the fallback model (then `degraded`, and `reasons` say why).
         */
        HealthAnswer: {
            /** Degraded */
            degraded: boolean;
            /** Diagnostics */
            diagnostics: {
                [key: string]: unknown;
            };
            /** Message */
            message: string;
            /** Reasons */
            reasons: string[];
            /**
             * Status
             * @enum {string}
             */
            status: "healthy" | "unhealthy";
            /** Timestamp */
            timestamp: string;
            /** Version */
            version: string;
        };
        /** InfoAnswer */
        InfoAnswer: {
            /** Capabilities */
            capabilities: string[];
            limits: components["schemas"]["Limits"];
            model: components["schemas"]["ModelAnswer"];
            /** Name */
            name: string;
            /** Output Formats */
            output_formats: string[];
            /** Version */
            version: string;
        };
        /**
         * InpaintBody
         * @description An image and a mask of the same size; grey above 127 is filled.
         */
        InpaintBody: {
            /**
             * Allow Full Mask
             * @description A mask of over 99 % of the picture is meant so. Default: false.
             */
            allow_full_mask?: boolean;
            /**
             * Brushnet Conditioning Scale
             * @description Default: 1.0.
             */
            brushnet_conditioning_scale?: number;
            /**
             * Brushnet Method
             * @description Default: "Sanster/brushnet_random_mask".
             */
            brushnet_method?: string;
            /**
             * Controlnet Conditioning Scale
             * @description Default: 0.4.
             */
            controlnet_conditioning_scale?: number;
            /**
             * Controlnet Method
             * @description Default: "lllyasviel/control_v11p_sd15_canny".
             */
            controlnet_method?: string;
            /**
             * Croper Height
             * @description Default: 512.
             */
            croper_height?: number;
            /**
             * Croper Width
             * @description Default: 512.
             */
            croper_width?: number;
            /**
             * Croper X
             * @description Default: 0.
             */
            croper_x?: number;
            /**
             * Croper Y
             * @description Default: 0.
             */
            croper_y?: number;
            /**
             * Cv2 Flag
             * @description Default: "INPAINT_NS".
             * @enum {string}
             */
            cv2_flag?: "INPAINT_NS" | "INPAINT_TELEA";
            /**
             * Cv2 Radius
             * @description Default: 4.
             */
            cv2_radius?: number;
            /**
             * Dilation
             * @description Pixels by which the mask is grown. Default: 0.
             */
            dilation?: number;
            /**
             * Enable Brushnet
             * @description Default: false.
             */
            enable_brushnet?: boolean;
            /**
             * Enable Controlnet
             * @description Default: false.
             */
            enable_controlnet?: boolean;
            /**
             * Enable Powerpaint V2
             * @description Default: false.
             */
            enable_powerpaint_v2?: boolean;
            /**
             * Extender Height
             * @description Default: 640.
             */
            extender_height?: number;
            /**
             * Extender Width
             * @description Default: 640.
             */
            extender_width?: number;
            /**
             * Extender X
             * @description Default: 0.
             */
            extender_x?: number;
            /**
             * Extender Y
             * @description Default: 0.
             */
            extender_y?: number;
            /**
             * Fill
             * @description `auto` fits what lies on flat or smooth ground and leaves the rest to the model, `model` all to the model; by default `auto` with hd_strategy `Auto` and a model that is not a diffusion model.
             */
            fill?: ("auto" | "model") | null;
            /**
             * Fitting Degree
             * @description Of PowerPaint: to the mask's shape. Default: 1.0.
             */
            fitting_degree?: number;
            /**
             * Hd Strategy
             * @description `Auto` is this service's planner, the rest is IOPaint's. Default: "Auto".
             * @enum {string}
             */
            hd_strategy?: "Auto" | "Original" | "Crop" | "Resize";
            /**
             * Hd Strategy Crop Margin
             * @description Default: 32.
             */
            hd_strategy_crop_margin?: number;
            /**
             * Hd Strategy Crop Trigger Size
             * @description Default: 1280.
             */
            hd_strategy_crop_trigger_size?: number;
            /**
             * Hd Strategy Resize Limit
             * @description Default: 1280.
             */
            hd_strategy_resize_limit?: number;
            /**
             * Image
             * @description The image file (JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF), with or without a `data:` prefix.
             */
            image: string;
            /**
             * Keep
             * @description Regions that are never touched, nor text found in them; as `regions`. Default: [].
             */
            keep?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[];
            /**
             * Ldm Sampler
             * @description Default: "plms".
             * @enum {string}
             */
            ldm_sampler?: "ddim" | "plms";
            /**
             * Ldm Steps
             * @description Default: 20.
             */
            ldm_steps?: number;
            /**
             * Mask
             * @description The mask file; grey above 127 is filled.
             */
            mask: string;
            /**
             * Mask Mode
             * @description `box` fills a region, `strokes` only the glyphs inside; by default as the path says.
             */
            mask_mode?: ("box" | "strokes") | null;
            /**
             * Model
             * @description A served model; empty: the service's default. Default: "".
             */
            model?: string;
            /**
             * Negative Prompt
             * @description Default: "".
             */
            negative_prompt?: string;
            /**
             * Output Format
             * @description By default the image type that stands first in `Accept`, else `png`. `same`: as the input, compressed as that is; what cannot be written becomes `png`, HEIC becomes `jpeg`.
             */
            output_format?: ("png" | "jpeg" | "webp" | "avif" | "jpg" | "same") | null;
            /**
             * Output Quality
             * @description Of `jpeg`, `webp` and `avif`; 95, or the input's with `same`.
             */
            output_quality?: number | null;
            /**
             * P2P Image Guidance Scale
             * @description Default: 1.5.
             */
            p2p_image_guidance_scale?: number;
            /**
             * Page
             * @description Which page or frame, from 0; `X-Pages` says how many there are. Default: 0.
             */
            page?: number;
            /** Paint By Example Example Image */
            paint_by_example_example_image?: string | null;
            /**
             * Powerpaint Task
             * @description By default `text-guided` with a prompt, else `object-remove`. Default: "".
             * @enum {string}
             */
            powerpaint_task?: "text-guided" | "context-aware" | "shape-guided" | "object-remove";
            /**
             * Prompt
             * @description Default: "".
             */
            prompt?: string;
            /**
             * Result
             * @description `image`, or as PNG: `mask` (white: filled), `layer` (transparent but for what was filled). Default: "image".
             * @enum {string}
             */
            result?: "image" | "mask" | "layer";
            /**
             * Sd Guidance Scale
             * @description Default: 7.5.
             */
            sd_guidance_scale?: number;
            /**
             * Sd Keep Unmasked Area
             * @description false: the whole image is the model's, not only what is masked. Default: true.
             */
            sd_keep_unmasked_area?: boolean;
            /**
             * Sd Lcm Lora
             * @description Adds the LCM-LoRA and its sampler: 4 to 8 steps do, with a guidance of 1 to 2. Default: false.
             */
            sd_lcm_lora?: boolean;
            /**
             * Sd Mask Blur
             * @description The result is blended over so many pixels around the mask. Default: 0.
             */
            sd_mask_blur?: number;
            /**
             * Sd Match Histograms
             * @description Default: false.
             */
            sd_match_histograms?: boolean;
            /**
             * Sd Outpainting Softness
             * @description Default: 20.0.
             */
            sd_outpainting_softness?: number;
            /**
             * Sd Outpainting Space
             * @description Default: 20.0.
             */
            sd_outpainting_space?: number;
            /**
             * Sd Sampler
             * @description IOPaint's name or, in lower case, its key. Default: "DDIM".
             * @enum {string}
             */
            sd_sampler?: "DPM++ 2M" | "DPM++ 2M Karras" | "DPM++ 2M SDE" | "DPM++ 2M SDE Karras" | "DPM++ SDE" | "DPM++ SDE Karras" | "DPM2" | "DPM2 Karras" | "DPM2 a" | "DPM2 a Karras" | "Euler" | "Euler a" | "Heun" | "LMS" | "LMS Karras" | "DDIM" | "PNDM" | "UniPC" | "LCM";
            /**
             * Sd Scale
             * @description The model sees the window this much smaller. Default: 1.0.
             */
            sd_scale?: number;
            /**
             * Sd Seed
             * @description -1: a random one, told in `X-Seed`. Default: -1.
             */
            sd_seed?: number;
            /**
             * Sd Steps
             * @description Default: 25.
             */
            sd_steps?: number;
            /**
             * Sd Strength
             * @description Default: 1.0.
             */
            sd_strength?: number;
            /**
             * Use Croper
             * @description A diffusion model sees only the `croper_*` box. Default: false.
             */
            use_croper?: boolean;
            /**
             * Use Extender
             * @description Default: false.
             */
            use_extender?: boolean;
            /**
             * Verify
             * @description Look again afterwards; a region still readable is redone. On with `strokes`.
             */
            verify?: boolean | null;
            /**
             * Zits Wireframe
             * @description Default: true.
             */
            zits_wireframe?: boolean;
        };
        /**
         * Limits
         * @description Pixels, bytes and seconds.
         */
        Limits: {
            /** Max File Size */
            max_file_size: number;
            /** Max Image Pixels */
            max_image_pixels: number;
            /** Max Image Size */
            max_image_size: number;
            /** Request Timeout */
            request_timeout: number;
            /** Supported Formats */
            supported_formats: string[];
        };
        /** ModelAnswer */
        ModelAnswer: {
            /** Device */
            device: string;
            /** Name */
            name: string;
            /** Parameters */
            parameters: {
                [key: string]: unknown;
            };
            /**
             * Status
             * @enum {string}
             */
            status: "ready" | "loading" | "not_loaded" | "error";
        };
        /** ModelsAnswer */
        ModelsAnswer: {
            /** Default */
            default: string;
            /** Fallback */
            fallback: string | null;
            /** Models */
            models: components["schemas"]["ModelAnswer"][];
        };
        /**
         * NestedForm
         * @description Any of the other forms under `bounding_box`.
         */
        NestedForm: {
            /** Bounding Box */
            bounding_box: components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"];
        } & {
            [key: string]: unknown;
        };
        /**
         * PolygonForm
         * @description Vertices of a polygon, [x, y] each, at least 3.
         */
        PolygonForm: {
            /** Points */
            points: number[][];
        } & {
            [key: string]: unknown;
        };
        progress_update: {
            /** Format: date-time */
            completed_at?: string | null;
            /** Format: date-time */
            created_at?: string;
            current_region: number;
            elapsed_time: number;
            error_message?: string | null;
            estimated_remaining: number | null;
            message: string;
            overall_progress: number;
            progress: number;
            seq: number;
            session_id: null;
            /** @enum {unknown} */
            stage: "preparing" | "masking" | "inpainting" | "finalizing";
            stage_progress: number;
            /** Format: date-time */
            started_at?: string | null;
            /** @enum {unknown} */
            status: "pending" | "preparing" | "processing" | "completed" | "error" | "cancelled";
            task_id: string;
            /** Format: date-time */
            timestamp: string;
            total_regions: number;
            /** @constant */
            type: "progress_update";
        };
        /**
         * RectangleForm
         * @description Upper left corner and size.
         */
        RectangleForm: {
            /** Height */
            height: number;
            /** Width */
            width: number;
            /** X */
            x: number;
            /** Y */
            y: number;
        } & {
            [key: string]: unknown;
        };
        /**
         * RegionsBody
         * @description An image and where to erase.
         */
        RegionsBody: {
            /**
             * Allow Full Mask
             * @description A mask of over 99 % of the picture is meant so. Default: false.
             */
            allow_full_mask?: boolean;
            /**
             * Brushnet Conditioning Scale
             * @description Default: 1.0.
             */
            brushnet_conditioning_scale?: number;
            /**
             * Brushnet Method
             * @description Default: "Sanster/brushnet_random_mask".
             */
            brushnet_method?: string;
            /**
             * Controlnet Conditioning Scale
             * @description Default: 0.4.
             */
            controlnet_conditioning_scale?: number;
            /**
             * Controlnet Method
             * @description Default: "lllyasviel/control_v11p_sd15_canny".
             */
            controlnet_method?: string;
            /**
             * Croper Height
             * @description Default: 512.
             */
            croper_height?: number;
            /**
             * Croper Width
             * @description Default: 512.
             */
            croper_width?: number;
            /**
             * Croper X
             * @description Default: 0.
             */
            croper_x?: number;
            /**
             * Croper Y
             * @description Default: 0.
             */
            croper_y?: number;
            /**
             * Cv2 Flag
             * @description Default: "INPAINT_NS".
             * @enum {string}
             */
            cv2_flag?: "INPAINT_NS" | "INPAINT_TELEA";
            /**
             * Cv2 Radius
             * @description Default: 4.
             */
            cv2_radius?: number;
            /**
             * Dilation
             * @description Pixels by which the mask is grown. Default: 0.
             */
            dilation?: number;
            /**
             * Enable Brushnet
             * @description Default: false.
             */
            enable_brushnet?: boolean;
            /**
             * Enable Controlnet
             * @description Default: false.
             */
            enable_controlnet?: boolean;
            /**
             * Enable Powerpaint V2
             * @description Default: false.
             */
            enable_powerpaint_v2?: boolean;
            /**
             * Extender Height
             * @description Default: 640.
             */
            extender_height?: number;
            /**
             * Extender Width
             * @description Default: 640.
             */
            extender_width?: number;
            /**
             * Extender X
             * @description Default: 0.
             */
            extender_x?: number;
            /**
             * Extender Y
             * @description Default: 0.
             */
            extender_y?: number;
            /**
             * Fill
             * @description `auto` fits what lies on flat or smooth ground and leaves the rest to the model, `model` all to the model; by default `auto` with hd_strategy `Auto` and a model that is not a diffusion model.
             */
            fill?: ("auto" | "model") | null;
            /**
             * Fitting Degree
             * @description Of PowerPaint: to the mask's shape. Default: 1.0.
             */
            fitting_degree?: number;
            /**
             * Hd Strategy
             * @description `Auto` is this service's planner, the rest is IOPaint's. Default: "Auto".
             * @enum {string}
             */
            hd_strategy?: "Auto" | "Original" | "Crop" | "Resize";
            /**
             * Hd Strategy Crop Margin
             * @description Default: 32.
             */
            hd_strategy_crop_margin?: number;
            /**
             * Hd Strategy Crop Trigger Size
             * @description Default: 1280.
             */
            hd_strategy_crop_trigger_size?: number;
            /**
             * Hd Strategy Resize Limit
             * @description Default: 1280.
             */
            hd_strategy_resize_limit?: number;
            /**
             * Image
             * @description The image file (JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF), with or without a `data:` prefix.
             */
            image: string;
            /**
             * Keep
             * @description Regions that are never touched, nor text found in them; as `regions`. Default: [].
             */
            keep?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[];
            /**
             * Ldm Sampler
             * @description Default: "plms".
             * @enum {string}
             */
            ldm_sampler?: "ddim" | "plms";
            /**
             * Ldm Steps
             * @description Default: 20.
             */
            ldm_steps?: number;
            /**
             * Mask Mode
             * @description `box` fills a region, `strokes` only the glyphs inside; by default as the path says.
             */
            mask_mode?: ("box" | "strokes") | null;
            /**
             * Model
             * @description A served model; empty: the service's default. Default: "".
             */
            model?: string;
            /**
             * Negative Prompt
             * @description Default: "".
             */
            negative_prompt?: string;
            /**
             * On Bad Region
             * @description For a region outside the image or without area: refuse the request, take the nearest pixels inside (`clip`), or leave the region out (`skip`). Default: "error".
             * @enum {string}
             */
            on_bad_region?: "error" | "clip" | "skip";
            /**
             * Output Format
             * @description By default the image type that stands first in `Accept`, else `png`. `same`: as the input, compressed as that is; what cannot be written becomes `png`, HEIC becomes `jpeg`.
             */
            output_format?: ("png" | "jpeg" | "webp" | "avif" | "jpg" | "same") | null;
            /**
             * Output Quality
             * @description Of `jpeg`, `webp` and `avif`; 95, or the input's with `same`.
             */
            output_quality?: number | null;
            /**
             * P2P Image Guidance Scale
             * @description Default: 1.5.
             */
            p2p_image_guidance_scale?: number;
            /**
             * Page
             * @description Which page or frame, from 0; `X-Pages` says how many there are. Default: 0.
             */
            page?: number;
            /** Paint By Example Example Image */
            paint_by_example_example_image?: string | null;
            /**
             * Powerpaint Task
             * @description By default `text-guided` with a prompt, else `object-remove`. Default: "".
             * @enum {string}
             */
            powerpaint_task?: "text-guided" | "context-aware" | "shape-guided" | "object-remove";
            /**
             * Prompt
             * @description Default: "".
             */
            prompt?: string;
            /** Regions */
            regions: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[];
            /**
             * Result
             * @description `image`, or as PNG: `mask` (white: filled), `layer` (transparent but for what was filled). Default: "image".
             * @enum {string}
             */
            result?: "image" | "mask" | "layer";
            /**
             * Sd Guidance Scale
             * @description Default: 7.5.
             */
            sd_guidance_scale?: number;
            /**
             * Sd Keep Unmasked Area
             * @description false: the whole image is the model's, not only what is masked. Default: true.
             */
            sd_keep_unmasked_area?: boolean;
            /**
             * Sd Lcm Lora
             * @description Adds the LCM-LoRA and its sampler: 4 to 8 steps do, with a guidance of 1 to 2. Default: false.
             */
            sd_lcm_lora?: boolean;
            /**
             * Sd Mask Blur
             * @description The result is blended over so many pixels around the mask. Default: 0.
             */
            sd_mask_blur?: number;
            /**
             * Sd Match Histograms
             * @description Default: false.
             */
            sd_match_histograms?: boolean;
            /**
             * Sd Outpainting Softness
             * @description Default: 20.0.
             */
            sd_outpainting_softness?: number;
            /**
             * Sd Outpainting Space
             * @description Default: 20.0.
             */
            sd_outpainting_space?: number;
            /**
             * Sd Sampler
             * @description IOPaint's name or, in lower case, its key. Default: "DDIM".
             * @enum {string}
             */
            sd_sampler?: "DPM++ 2M" | "DPM++ 2M Karras" | "DPM++ 2M SDE" | "DPM++ 2M SDE Karras" | "DPM++ SDE" | "DPM++ SDE Karras" | "DPM2" | "DPM2 Karras" | "DPM2 a" | "DPM2 a Karras" | "Euler" | "Euler a" | "Heun" | "LMS" | "LMS Karras" | "DDIM" | "PNDM" | "UniPC" | "LCM";
            /**
             * Sd Scale
             * @description The model sees the window this much smaller. Default: 1.0.
             */
            sd_scale?: number;
            /**
             * Sd Seed
             * @description -1: a random one, told in `X-Seed`. Default: -1.
             */
            sd_seed?: number;
            /**
             * Sd Steps
             * @description Default: 25.
             */
            sd_steps?: number;
            /**
             * Sd Strength
             * @description Default: 1.0.
             */
            sd_strength?: number;
            /**
             * Use Croper
             * @description A diffusion model sees only the `croper_*` box. Default: false.
             */
            use_croper?: boolean;
            /**
             * Use Extender
             * @description Default: false.
             */
            use_extender?: boolean;
            /**
             * Verify
             * @description Look again afterwards; a region still readable is redone. On with `strokes`.
             */
            verify?: boolean | null;
            /**
             * Zits Wireframe
             * @description Default: true.
             */
            zits_wireframe?: boolean;
        };
        /**
         * RemoveTextBody
         * @description An image to find text in and remove it from; `mask_mode` is `strokes` unless told otherwise.
         */
        RemoveTextBody: {
            /**
             * Allow Full Mask
             * @description A mask of over 99 % of the picture is meant so. Default: false.
             */
            allow_full_mask?: boolean;
            /**
             * Brushnet Conditioning Scale
             * @description Default: 1.0.
             */
            brushnet_conditioning_scale?: number;
            /**
             * Brushnet Method
             * @description Default: "Sanster/brushnet_random_mask".
             */
            brushnet_method?: string;
            /**
             * Controlnet Conditioning Scale
             * @description Default: 0.4.
             */
            controlnet_conditioning_scale?: number;
            /**
             * Controlnet Method
             * @description Default: "lllyasviel/control_v11p_sd15_canny".
             */
            controlnet_method?: string;
            /**
             * Croper Height
             * @description Default: 512.
             */
            croper_height?: number;
            /**
             * Croper Width
             * @description Default: 512.
             */
            croper_width?: number;
            /**
             * Croper X
             * @description Default: 0.
             */
            croper_x?: number;
            /**
             * Croper Y
             * @description Default: 0.
             */
            croper_y?: number;
            /**
             * Cv2 Flag
             * @description Default: "INPAINT_NS".
             * @enum {string}
             */
            cv2_flag?: "INPAINT_NS" | "INPAINT_TELEA";
            /**
             * Cv2 Radius
             * @description Default: 4.
             */
            cv2_radius?: number;
            /**
             * Dilation
             * @description Pixels by which the mask is grown. Default: 0.
             */
            dilation?: number;
            /**
             * Enable Brushnet
             * @description Default: false.
             */
            enable_brushnet?: boolean;
            /**
             * Enable Controlnet
             * @description Default: false.
             */
            enable_controlnet?: boolean;
            /**
             * Enable Powerpaint V2
             * @description Default: false.
             */
            enable_powerpaint_v2?: boolean;
            /**
             * Extender Height
             * @description Default: 640.
             */
            extender_height?: number;
            /**
             * Extender Width
             * @description Default: 640.
             */
            extender_width?: number;
            /**
             * Extender X
             * @description Default: 0.
             */
            extender_x?: number;
            /**
             * Extender Y
             * @description Default: 0.
             */
            extender_y?: number;
            /**
             * Fill
             * @description `auto` fits what lies on flat or smooth ground and leaves the rest to the model, `model` all to the model; by default `auto` with hd_strategy `Auto` and a model that is not a diffusion model.
             */
            fill?: ("auto" | "model") | null;
            /**
             * Fitting Degree
             * @description Of PowerPaint: to the mask's shape. Default: 1.0.
             */
            fitting_degree?: number;
            /**
             * Hd Strategy
             * @description `Auto` is this service's planner, the rest is IOPaint's. Default: "Auto".
             * @enum {string}
             */
            hd_strategy?: "Auto" | "Original" | "Crop" | "Resize";
            /**
             * Hd Strategy Crop Margin
             * @description Default: 32.
             */
            hd_strategy_crop_margin?: number;
            /**
             * Hd Strategy Crop Trigger Size
             * @description Default: 1280.
             */
            hd_strategy_crop_trigger_size?: number;
            /**
             * Hd Strategy Resize Limit
             * @description Default: 1280.
             */
            hd_strategy_resize_limit?: number;
            /**
             * Image
             * @description The image file (JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF), with or without a `data:` prefix.
             */
            image: string;
            /**
             * Keep
             * @description Regions that are never touched, nor text found in them; as `regions`. Default: [].
             */
            keep?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[];
            /**
             * Ldm Sampler
             * @description Default: "plms".
             * @enum {string}
             */
            ldm_sampler?: "ddim" | "plms";
            /**
             * Ldm Steps
             * @description Default: 20.
             */
            ldm_steps?: number;
            /**
             * Mask Mode
             * @description `box` fills a region, `strokes` only the glyphs inside; by default as the path says.
             */
            mask_mode?: ("box" | "strokes") | null;
            /**
             * Min Confidence
             * @description Texts the detector is less sure of are left. Default: 0.6.
             */
            min_confidence?: number;
            /**
             * Model
             * @description A served model; empty: the service's default. Default: "".
             */
            model?: string;
            /**
             * Negative Prompt
             * @description Default: "".
             */
            negative_prompt?: string;
            /**
             * Output Format
             * @description By default the image type that stands first in `Accept`, else `png`. `same`: as the input, compressed as that is; what cannot be written becomes `png`, HEIC becomes `jpeg`.
             */
            output_format?: ("png" | "jpeg" | "webp" | "avif" | "jpg" | "same") | null;
            /**
             * Output Quality
             * @description Of `jpeg`, `webp` and `avif`; 95, or the input's with `same`.
             */
            output_quality?: number | null;
            /**
             * P2P Image Guidance Scale
             * @description Default: 1.5.
             */
            p2p_image_guidance_scale?: number;
            /**
             * Page
             * @description Which page or frame, from 0; `X-Pages` says how many there are. Default: 0.
             */
            page?: number;
            /** Paint By Example Example Image */
            paint_by_example_example_image?: string | null;
            /**
             * Powerpaint Task
             * @description By default `text-guided` with a prompt, else `object-remove`. Default: "".
             * @enum {string}
             */
            powerpaint_task?: "text-guided" | "context-aware" | "shape-guided" | "object-remove";
            /**
             * Prompt
             * @description Default: "".
             */
            prompt?: string;
            /**
             * Result
             * @description `image`, or as PNG: `mask` (white: filled), `layer` (transparent but for what was filled). Default: "image".
             * @enum {string}
             */
            result?: "image" | "mask" | "layer";
            /**
             * Sd Guidance Scale
             * @description Default: 7.5.
             */
            sd_guidance_scale?: number;
            /**
             * Sd Keep Unmasked Area
             * @description false: the whole image is the model's, not only what is masked. Default: true.
             */
            sd_keep_unmasked_area?: boolean;
            /**
             * Sd Lcm Lora
             * @description Adds the LCM-LoRA and its sampler: 4 to 8 steps do, with a guidance of 1 to 2. Default: false.
             */
            sd_lcm_lora?: boolean;
            /**
             * Sd Mask Blur
             * @description The result is blended over so many pixels around the mask. Default: 0.
             */
            sd_mask_blur?: number;
            /**
             * Sd Match Histograms
             * @description Default: false.
             */
            sd_match_histograms?: boolean;
            /**
             * Sd Outpainting Softness
             * @description Default: 20.0.
             */
            sd_outpainting_softness?: number;
            /**
             * Sd Outpainting Space
             * @description Default: 20.0.
             */
            sd_outpainting_space?: number;
            /**
             * Sd Sampler
             * @description IOPaint's name or, in lower case, its key. Default: "DDIM".
             * @enum {string}
             */
            sd_sampler?: "DPM++ 2M" | "DPM++ 2M Karras" | "DPM++ 2M SDE" | "DPM++ 2M SDE Karras" | "DPM++ SDE" | "DPM++ SDE Karras" | "DPM2" | "DPM2 Karras" | "DPM2 a" | "DPM2 a Karras" | "Euler" | "Euler a" | "Heun" | "LMS" | "LMS Karras" | "DDIM" | "PNDM" | "UniPC" | "LCM";
            /**
             * Sd Scale
             * @description The model sees the window this much smaller. Default: 1.0.
             */
            sd_scale?: number;
            /**
             * Sd Seed
             * @description -1: a random one, told in `X-Seed`. Default: -1.
             */
            sd_seed?: number;
            /**
             * Sd Steps
             * @description Default: 25.
             */
            sd_steps?: number;
            /**
             * Sd Strength
             * @description Default: 1.0.
             */
            sd_strength?: number;
            /**
             * Use Croper
             * @description A diffusion model sees only the `croper_*` box. Default: false.
             */
            use_croper?: boolean;
            /**
             * Use Extender
             * @description Default: false.
             */
            use_extender?: boolean;
            /**
             * Verify
             * @description Look again afterwards; a region still readable is redone. On with `strokes`.
             */
            verify?: boolean | null;
            /**
             * Within
             * @description Text is looked for only here; as `regions`. By default everywhere.
             */
            within?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[] | null;
            /**
             * Zits Wireframe
             * @description Default: true.
             */
            zits_wireframe?: boolean;
        };
        task_cancelled: {
            elapsed_time: number;
            seq: number;
            session_id: null;
            task_id: string;
            /** Format: date-time */
            timestamp: string;
            /** @constant */
            type: "task_cancelled";
        };
        task_completed: {
            elapsed_time: number;
            result: {
                processed_image_path: string;
                processing_time: number | null;
                regions_processed: number;
            };
            result_url: string;
            seq: number;
            session_id: null;
            task_id: string;
            /** Format: date-time */
            timestamp: string;
            total_regions: number;
            /** @constant */
            type: "task_completed";
        };
        task_failed: {
            elapsed_time: number;
            error: string | null;
            error_message: string | null;
            seq: number;
            session_id: null;
            task_id: string;
            /** Format: date-time */
            timestamp: string;
            /** @constant */
            type: "task_failed";
        };
        /**
         * TaskBody
         * @description A task: an image, where to erase (exactly one of `regions`, `mask`, `detect`), and how to be told.
         */
        TaskBody: {
            /**
             * Allow Full Mask
             * @description A mask of over 99 % of the picture is meant so. Default: false.
             */
            allow_full_mask?: boolean;
            /**
             * Brushnet Conditioning Scale
             * @description Default: 1.0.
             */
            brushnet_conditioning_scale?: number;
            /**
             * Brushnet Method
             * @description Default: "Sanster/brushnet_random_mask".
             */
            brushnet_method?: string;
            /**
             * Callback Url
             * @description Told by POST when the task has ended.
             */
            callback_url?: string | null;
            /**
             * Controlnet Conditioning Scale
             * @description Default: 0.4.
             */
            controlnet_conditioning_scale?: number;
            /**
             * Controlnet Method
             * @description Default: "lllyasviel/control_v11p_sd15_canny".
             */
            controlnet_method?: string;
            /**
             * Croper Height
             * @description Default: 512.
             */
            croper_height?: number;
            /**
             * Croper Width
             * @description Default: 512.
             */
            croper_width?: number;
            /**
             * Croper X
             * @description Default: 0.
             */
            croper_x?: number;
            /**
             * Croper Y
             * @description Default: 0.
             */
            croper_y?: number;
            /**
             * Cv2 Flag
             * @description Default: "INPAINT_NS".
             * @enum {string}
             */
            cv2_flag?: "INPAINT_NS" | "INPAINT_TELEA";
            /**
             * Cv2 Radius
             * @description Default: 4.
             */
            cv2_radius?: number;
            /**
             * Detect
             * @description Find the text first. Default: false.
             */
            detect?: boolean;
            /**
             * Dilation
             * @description Pixels by which the mask is grown. Default: 0.
             */
            dilation?: number;
            /**
             * Enable Brushnet
             * @description Default: false.
             */
            enable_brushnet?: boolean;
            /**
             * Enable Controlnet
             * @description Default: false.
             */
            enable_controlnet?: boolean;
            /**
             * Enable Powerpaint V2
             * @description Default: false.
             */
            enable_powerpaint_v2?: boolean;
            /**
             * Enable Progress
             * @description Default: true.
             */
            enable_progress?: boolean;
            /**
             * Extender Height
             * @description Default: 640.
             */
            extender_height?: number;
            /**
             * Extender Width
             * @description Default: 640.
             */
            extender_width?: number;
            /**
             * Extender X
             * @description Default: 0.
             */
            extender_x?: number;
            /**
             * Extender Y
             * @description Default: 0.
             */
            extender_y?: number;
            /**
             * Fill
             * @description `auto` fits what lies on flat or smooth ground and leaves the rest to the model, `model` all to the model; by default `auto` with hd_strategy `Auto` and a model that is not a diffusion model.
             */
            fill?: ("auto" | "model") | null;
            /**
             * Fitting Degree
             * @description Of PowerPaint: to the mask's shape. Default: 1.0.
             */
            fitting_degree?: number;
            /**
             * Hd Strategy
             * @description `Auto` is this service's planner, the rest is IOPaint's. Default: "Auto".
             * @enum {string}
             */
            hd_strategy?: "Auto" | "Original" | "Crop" | "Resize";
            /**
             * Hd Strategy Crop Margin
             * @description Default: 32.
             */
            hd_strategy_crop_margin?: number;
            /**
             * Hd Strategy Crop Trigger Size
             * @description Default: 1280.
             */
            hd_strategy_crop_trigger_size?: number;
            /**
             * Hd Strategy Resize Limit
             * @description Default: 1280.
             */
            hd_strategy_resize_limit?: number;
            /**
             * Image
             * @description The image file (JPEG, PNG, WebP, BMP, TIFF, AVIF, HEIC or GIF), with or without a `data:` prefix.
             */
            image: string;
            /**
             * Keep
             * @description Regions that are never touched, nor text found in them; as `regions`. Default: [].
             */
            keep?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[];
            /**
             * Ldm Sampler
             * @description Default: "plms".
             * @enum {string}
             */
            ldm_sampler?: "ddim" | "plms";
            /**
             * Ldm Steps
             * @description Default: 20.
             */
            ldm_steps?: number;
            /**
             * Mask
             * @description The mask file; grey above 127 is filled.
             */
            mask?: string | null;
            /**
             * Mask Mode
             * @description `box` fills a region, `strokes` only the glyphs inside; by default as the path says.
             */
            mask_mode?: ("box" | "strokes") | null;
            /**
             * Min Confidence
             * @description Texts the detector is less sure of are left. Default: 0.6.
             */
            min_confidence?: number;
            /**
             * Model
             * @description A served model; empty: the service's default. Default: "".
             */
            model?: string;
            /**
             * Negative Prompt
             * @description Default: "".
             */
            negative_prompt?: string;
            /**
             * On Bad Region
             * @description For a region outside the image or without area: refuse the request, take the nearest pixels inside (`clip`), or leave the region out (`skip`). Default: "error".
             * @enum {string}
             */
            on_bad_region?: "error" | "clip" | "skip";
            /**
             * Output Format
             * @description By default the image type that stands first in `Accept`, else `png`. `same`: as the input, compressed as that is; what cannot be written becomes `png`, HEIC becomes `jpeg`.
             */
            output_format?: ("png" | "jpeg" | "webp" | "avif" | "jpg" | "same") | null;
            /**
             * Output Quality
             * @description Of `jpeg`, `webp` and `avif`; 95, or the input's with `same`.
             */
            output_quality?: number | null;
            /**
             * P2P Image Guidance Scale
             * @description Default: 1.5.
             */
            p2p_image_guidance_scale?: number;
            /**
             * Page
             * @description Which page or frame, from 0; `X-Pages` says how many there are. Default: 0.
             */
            page?: number;
            /** Paint By Example Example Image */
            paint_by_example_example_image?: string | null;
            /**
             * Powerpaint Task
             * @description By default `text-guided` with a prompt, else `object-remove`. Default: "".
             * @enum {string}
             */
            powerpaint_task?: "text-guided" | "context-aware" | "shape-guided" | "object-remove";
            /**
             * Progress Interval
             * @description Seconds between two updates. Default: 1.0.
             */
            progress_interval?: number;
            /**
             * Prompt
             * @description Default: "".
             */
            prompt?: string;
            /** Regions */
            regions?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[] | null;
            /**
             * Result
             * @description `image`, or as PNG: `mask` (white: filled), `layer` (transparent but for what was filled). Default: "image".
             * @enum {string}
             */
            result?: "image" | "mask" | "layer";
            /**
             * Sd Guidance Scale
             * @description Default: 7.5.
             */
            sd_guidance_scale?: number;
            /**
             * Sd Keep Unmasked Area
             * @description false: the whole image is the model's, not only what is masked. Default: true.
             */
            sd_keep_unmasked_area?: boolean;
            /**
             * Sd Lcm Lora
             * @description Adds the LCM-LoRA and its sampler: 4 to 8 steps do, with a guidance of 1 to 2. Default: false.
             */
            sd_lcm_lora?: boolean;
            /**
             * Sd Mask Blur
             * @description The result is blended over so many pixels around the mask. Default: 0.
             */
            sd_mask_blur?: number;
            /**
             * Sd Match Histograms
             * @description Default: false.
             */
            sd_match_histograms?: boolean;
            /**
             * Sd Outpainting Softness
             * @description Default: 20.0.
             */
            sd_outpainting_softness?: number;
            /**
             * Sd Outpainting Space
             * @description Default: 20.0.
             */
            sd_outpainting_space?: number;
            /**
             * Sd Sampler
             * @description IOPaint's name or, in lower case, its key. Default: "DDIM".
             * @enum {string}
             */
            sd_sampler?: "DPM++ 2M" | "DPM++ 2M Karras" | "DPM++ 2M SDE" | "DPM++ 2M SDE Karras" | "DPM++ SDE" | "DPM++ SDE Karras" | "DPM2" | "DPM2 Karras" | "DPM2 a" | "DPM2 a Karras" | "Euler" | "Euler a" | "Heun" | "LMS" | "LMS Karras" | "DDIM" | "PNDM" | "UniPC" | "LCM";
            /**
             * Sd Scale
             * @description The model sees the window this much smaller. Default: 1.0.
             */
            sd_scale?: number;
            /**
             * Sd Seed
             * @description -1: a random one, told in `X-Seed`. Default: -1.
             */
            sd_seed?: number;
            /**
             * Sd Steps
             * @description Default: 25.
             */
            sd_steps?: number;
            /**
             * Sd Strength
             * @description Default: 1.0.
             */
            sd_strength?: number;
            /**
             * Task Id
             * @description Names the task; made up if left out.
             */
            task_id?: string | null;
            /**
             * Use Croper
             * @description A diffusion model sees only the `croper_*` box. Default: false.
             */
            use_croper?: boolean;
            /**
             * Use Extender
             * @description Default: false.
             */
            use_extender?: boolean;
            /**
             * Verify
             * @description Look again afterwards; a region still readable is redone. On with `strokes`.
             */
            verify?: boolean | null;
            /**
             * Within
             * @description Text is looked for only here; as `regions`. By default everywhere.
             */
            within?: (components["schemas"]["RectangleForm"] | components["schemas"]["CornersForm"] | components["schemas"]["PolygonForm"] | components["schemas"]["NestedForm"] | number[])[] | null;
            /**
             * Zits Wireframe
             * @description Default: true.
             */
            zits_wireframe?: boolean;
        };
        /**
         * TaskCountsAnswer
         * @description `active_task_ids` are those not yet ended.
         */
        TaskCountsAnswer: {
            /** Active Task Ids */
            active_task_ids: string[];
            /** Active Tasks */
            active_tasks: number;
            /** Cancelled Tasks */
            cancelled_tasks: number;
            /** Completed Tasks */
            completed_tasks: number;
            /** Error Tasks */
            error_tasks: number;
            /** Pending Tasks */
            pending_tasks: number;
            /** Total Tasks */
            total_tasks: number;
        };
        /**
         * TaskStatusAnswer
         * @description Progress is 0-100 and never goes back; times are seconds. `result_url` is there once the result is.
         */
        TaskStatusAnswer: {
            /** Attempt */
            attempt: number;
            callback?: components["schemas"]["CallbackAnswer"] | null;
            /** Completed At */
            completed_at: string | null;
            /** Created At */
            created_at: string;
            /** Current Region */
            current_region: number;
            /** Elapsed Time */
            elapsed_time: number;
            /** Error Message */
            error_message: string | null;
            /** Estimated Remaining */
            estimated_remaining: number | null;
            /** Message */
            message: string;
            /** Overall Progress */
            overall_progress: number;
            /** Queue Position */
            queue_position: number | null;
            /** Result Url */
            result_url: string | null;
            /**
             * Stage
             * @enum {string}
             */
            stage: "preparing" | "masking" | "inpainting" | "finalizing";
            /** Stage Progress */
            stage_progress: number;
            /** Started At */
            started_at: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "preparing" | "processing" | "completed" | "error" | "cancelled";
            /** Task Id */
            task_id: string;
            /** Total Regions */
            total_regions: number;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
